import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime } from '../../../src/testing/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import { temporaryFolder } from './handles.ts';

describe('sweeping of the SQLite store', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let database: DatabaseSync;

  beforeEach(async () => {
    folder = await temporaryFolder();
    database = new DatabaseSync(folder.path('store.db'));
  });

  afterEach(async () => {
    database.close();
    await folder.remove();
  });

  const rows = () => database.prepare('SELECT seq FROM latchkey_records').all().length;

  it('removes expired records periodically', async () => {
    const runtime = manualRuntime();
    const store = sqliteStore({ database, runtime });
    const ids = Array.from({ length: 230 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id) => store.claim(claimOf(id, 'a'))));
    await Promise.all(ids.map((id) => store.complete({ ...completionOf(id, 'a'), retentionMs: 1_000 })));
    await store.claim(claimOf('live', 'a'));
    expect(rows()).toBe(231);
    await runtime.advance(15_000);
    expect(rows()).toBe(1);
    await store.close();
    expect(runtime.pendingTimers()).toBe(0);
  });

  it('removes expired records along with completions, once there are many', async () => {
    const runtime = manualRuntime();
    const store = sqliteStore({ database, runtime });
    const ids = Array.from({ length: 100 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id) => store.claim(claimOf(id, 'a'))));
    await Promise.all(ids.map((id) => store.complete({ ...completionOf(id, 'a'), retentionMs: 1_000 })));
    await runtime.advance(1_000);
    const complete = async (id: string) => {
      await store.claim(claimOf(id, 'a'));
      await store.complete(completionOf(id, 'a'));
    };
    await complete('before');
    expect(rows()).toBe(101);
    expect(await store.sweep(10)).toBe(10);
    for (let index = 0; index < 60; index += 1) await complete(`new-${index}`);
    expect(rows()).toBe(61);
    await store.close();
  });

  it('continues after an error', async () => {
    const runtime = manualRuntime();
    const store = sqliteStore({ database, runtime, lockTimeoutMs: 1 });
    await store.claim(claimOf('x', 'a', { leaseMs: 1, unresolvedRetentionMs: 1 }));
    database.exec('BEGIN');
    await runtime.advance(15_000);
    expect(rows()).toBe(1);
    database.exec('COMMIT');
    await runtime.advance(15_000);
    expect(rows()).toBe(0);
    await store.close();
  });

  it('erases in steps, however many records there are', async () => {
    const store = sqliteStore({ database, synchronous: 'normal' });
    const ids = Array.from({ length: 1_300 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id, index) => store.claim(claimOf(id, 'a', { principal: index % 3 ? 'many' : 'few' }))));
    const notices: string[] = [];
    store.watch?.('id-1', () => notices.push('id-1'));
    expect(await store.erase('many')).toBe(866);
    expect(notices).toEqual(['id-1']);
    expect(rows()).toBe(434);
    expect(await store.erase('many')).toBe(0);
    await store.close();
  });
});
