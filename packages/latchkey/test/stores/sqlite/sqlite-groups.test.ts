import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime } from '../../../src/testing/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import { temporaryFolder } from './handles.ts';
import { watchHandle } from './watched-handle.ts';

describe('grouped commits', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let real: DatabaseSync;

  beforeEach(async () => {
    folder = await temporaryFolder();
    real = new DatabaseSync(folder.path('store.db'));
  });

  afterEach(async () => {
    real.close();
    await folder.remove();
  });

  const count = (log: readonly string[], statement: string) => log.filter((entry) => entry === statement).length;

  it('lets concurrent calls share one commit', async () => {
    const { db, log } = watchHandle(real);
    const store = sqliteStore({ database: db, runtime: manualRuntime() });
    log.length = 0;
    const ids = Array.from({ length: 64 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id) => store.claim(claimOf(id, 'a'))));
    expect(count(log, 'COMMIT')).toBe(1);
    await Promise.all(ids.map((id) => store.complete(completionOf(id, 'a'))));
    expect(count(log, 'COMMIT')).toBe(2);
    await store.close();
  });

  it('limits a group, and serves the rest in the next one', async () => {
    const { db, log } = watchHandle(real);
    const store = sqliteStore({ database: db, runtime: manualRuntime() });
    log.length = 0;
    const ids = Array.from({ length: 1_000 }, (_, index) => `id-${index}`);
    const outcomes = await Promise.all(ids.map((id) => store.claim(claimOf(id, 'a'))));
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['claimed']));
    expect(count(log, 'COMMIT')).toBe(8);
    await store.close();
  });

  it('ends a slow group, so that the event loop can continue', async () => {
    const runtime = manualRuntime();
    let nowMs = 0;
    const slow = { now: runtime.clock.now, monotonic: () => nowMs++ };
    const { db, log } = watchHandle(real);
    const store = sqliteStore({ database: db, runtime: { ...runtime, clock: slow } });
    log.length = 0;
    const ids = Array.from({ length: 50 }, (_, index) => `id-${index}`);
    const outcomes = await Promise.all(ids.map((id) => store.claim(claimOf(id, 'a'))));
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['claimed']));
    expect(count(log, 'COMMIT')).toBe(10);
    await store.close();
  });

  it('answers no call before the commit has returned', async () => {
    const watched = watchHandle(real);
    const store = sqliteStore({ database: watched.db, runtime: manualRuntime() });
    const ids = ['x', 'y', 'z'];
    await Promise.all(ids.map((id) => store.claim(claimOf(id, 'a'))));
    let told = 0;
    for (const id of ids)
      store.watch?.(id, () => {
        told += 1;
      });
    const toldAtCommit: number[] = [];
    watched.interfere = (sql) => {
      if (sql === 'COMMIT') toldAtCommit.push(told);
      return 'run';
    };
    await Promise.all(ids.map((id) => store.complete(completionOf(id, 'a'))));
    expect([toldAtCommit, told]).toEqual([[0], 3]);
    await store.close();
  });

  it('answers replays by a read without the write lock, once they are frequent', async () => {
    const { db, log } = watchHandle(real);
    const store = sqliteStore({ database: db, runtime: manualRuntime() });
    await store.claim(claimOf('x', 'a'));
    await store.complete(completionOf('x', 'a'));
    for (let replay = 0; replay < 64; replay += 1) await store.claim(claimOf('x', 'b'));
    log.length = 0;
    const [outcome] = await Promise.all([store.claim(claimOf('x', 'b')), store.claim(claimOf('x', 'c'))]);
    expect(outcome.outcome).toBe('completed');
    expect(log).not.toContain('BEGIN IMMEDIATE');
    const mixed = await Promise.all([store.claim(claimOf('x', 'b')), store.claim(claimOf('new', 'b'))]);
    expect(mixed.map((answer) => answer.outcome)).toEqual(['completed', 'claimed']);
    await store.close();
  });

  it('runs a transaction between groups, never inside one', async () => {
    const { db, log } = watchHandle(real);
    const store = sqliteStore({ database: db, runtime: manualRuntime() });
    await store.claim(claimOf('x', 'a'));
    log.length = 0;
    const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
    const write = { kind: 'step', name: 'step', value: new Uint8Array() } as const;
    const effect = () => {
      log.push('effect');
      return { value: 1, write };
    };
    await Promise.all([
      store.claim(claimOf('y', 'a')),
      store.transaction?.(request, effect),
      store.claim(claimOf('z', 'a')),
    ]);
    const outline = log.filter((entry) => /^(BEGIN|COMMIT|INSERT|effect)/.test(entry));
    const group = ['BEGIN IMMEDIATE', 'INSERT INTO', 'COMMIT'];
    expect(outline).toEqual([...group, 'BEGIN IMMEDIATE', 'effect', 'COMMIT', ...group]);
    await store.close();
  });

  it('close waits for queued work, then refuses', async () => {
    const store = sqliteStore({ database: real });
    const calls = Promise.all(['x', 'y'].map((id) => store.claim(claimOf(id, 'a'))));
    const closed = store.close();
    await expect(store.claim(claimOf('z', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
    await closed;
    expect((await calls).map(({ outcome }) => outcome)).toEqual(['claimed', 'claimed']);
    expect(real.prepare('SELECT count(*) AS count FROM latchkey_records').get()).toEqual({ count: 2 });
  });
});
