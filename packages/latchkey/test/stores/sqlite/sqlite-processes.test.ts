import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import { outputOf, spawnChild } from './children/spawn-child.ts';
import { drivers, temporaryFolder } from './handles.ts';

const processes = 4;
const keys = 500;
const duplicates = 8;

describe('many processes on one SQLite file', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.path('store.db');
  });

  afterEach(() => folder.remove());

  it('claim every key exactly once, from the creation of the file on', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`SEED=${seed}`);
    const share = String(duplicates / processes);
    const children = Array.from({ length: processes }, (_, index) =>
      spawnChild('claim-keys.ts', [file, String(keys), share, String(seed + index)]),
    );
    const outputs = await Promise.all(children.map(outputOf));
    const claimed = outputs.flatMap((output): [string, string][] => JSON.parse(output));
    expect(claimed).toHaveLength(keys);
    const tokens = new Map(claimed);
    expect(tokens.size).toBe(keys);
    const store = sqliteStore({ database: file });
    for (const [key, token] of tokens) {
      const record = await store.read(key);
      expect(record?.state).toBe('completed');
      expect(new TextDecoder().decode(record?.result?.bytes)).toBe(token);
    }
    await store.close();
  });

  for (const [driver, open] of Object.entries(drivers)) {
    it(`do not block each other’s event loop while one holds the lock (${driver})`, async () => {
      const handle = open(file);
      // The wait of the user's own statements; the store's must not wait.
      handle.exec('PRAGMA busy_timeout = 60000');
      const store = sqliteStore({ database: handle, lockTimeoutMs: 30_000 });
      await store.claim(claimOf('done', 'a'));
      await store.complete(completionOf('done', 'a'));
      const holder = spawnChild('hold-lock.ts', [file]);
      const ended = outputOf(holder);
      await once(holder.stdout, 'data');

      let settled = false;
      const claim = store.claim(claimOf('new', 'a')).finally(() => {
        settled = true;
      });
      // Each pause needs the event loop, which a store that waited for the lock would block; the lock is released only
      // afterwards.
      for (let turn = 0; turn < 50; turn += 1) await pause(2);
      expect(settled).toBe(false);
      expect((await store.claim(claimOf('done', 'b'))).outcome).toBe('completed');
      expect((await store.read('done'))?.state).toBe('completed');
      expect(settled).toBe(false);

      holder.stdin.end();
      await ended;
      expect((await claim).outcome).toBe('claimed');
      await store.close();
      handle.close();
    });
  }

  it('give up waiting for the lock at the time limit, and work again later', async () => {
    const store = sqliteStore({ database: file, lockTimeoutMs: 100 });
    await store.ping();
    const holder = spawnChild('hold-lock.ts', [file]);
    const ended = outputOf(holder);
    await once(holder.stdout, 'data');
    const calls = [store.claim(claimOf('x', 'a')), store.claim(claimOf('y', 'a'))];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ reason: { code: 'store-unavailable' } });
    holder.stdin.end();
    await ended;
    expect((await store.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    await store.close();
  });

  it('see each other’s records', async () => {
    const first = sqliteStore({ database: file });
    const second = sqliteStore({ database: file });
    await first.claim(claimOf('x', 'a'));
    expect((await second.claim(claimOf('x', 'b'))).outcome).toBe('running');
    await first.complete(completionOf('x', 'a'));
    expect((await second.claim(claimOf('x', 'b'))).outcome).toBe('completed');
    await Promise.all([first.close(), second.close()]);
  });

  it('can be started on a locked file', async () => {
    const holder = spawnChild('hold-lock.ts', [file]);
    const ended = outputOf(holder);
    await once(holder.stdout, 'data');
    const store = sqliteStore({ database: file, lockTimeoutMs: 30_000 });
    const claim = store.claim(claimOf('x', 'a'));
    holder.stdin.end();
    await ended;
    expect((await claim).outcome).toBe('claimed');
    await store.close();
  });
});
