import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { type SqliteDatabase, type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { outputOf, spawnChild } from './children/spawn-child.ts';
import { temporaryFolder } from './handles.ts';

const usual = { wal_autocheckpoint: 1_000 };
const backstop = { wal_autocheckpoint: 8_000 };

/** Enough records for a checkpoint, with results of a hundred kilobytes. */
const enough = 50;
const largeText = 'x'.repeat(100_000);

async function write(store: Store<SqliteTransactions>, name: string): Promise<void> {
  for (let number = 0; number < enough; number += 1) {
    await store.claim(claimOf(`${name}-${number}`, 'a'));
    await store.complete(completionOf(`${name}-${number}`, 'a', largeText));
  }
}

/** The pages after which SQLite makes automatic checkpoints on the store's handle. */
async function automaticOf(store: Store<SqliteTransactions>): Promise<unknown> {
  const lease = { id: 'look', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
  await store.claim(claimOf('look', 'a'));
  const seen = await store.transaction?.(lease, (handle: SqliteDatabase) => ({
    value: handle.prepare('PRAGMA wal_autocheckpoint').get(),
    write: { kind: 'step', name: 'look', value: bytesOf('') },
  }));
  return seen?.outcome === 'committed' && { ...(seen.value as object) };
}

describe('checkpoints of an SQLite file that the store opened', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.path('store.db');
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await folder.remove();
  });

  /** Replaces the class that makes threads. */
  function threadsAre(Class: typeof Worker): void {
    const { getBuiltinModule } = process;
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
      name === 'node:worker_threads' ? { Worker: Class } : getBuiltinModule(name)) as typeof getBuiltinModule);
  }

  it('are made by a thread, with SQLite’s own at a higher limit', async () => {
    const store = sqliteStore({ database: file });
    expect(await automaticOf(store)).toEqual(usual);
    await write(store, 'first');
    await vi.waitFor(async () => expect(await automaticOf(store)).toEqual(backstop), 20_000);
    const { size } = statSync(file);
    await write(store, 'second');
    await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(size + enough * 50_000), 20_000);
    await store.close();
  });

  it('end with the store, which leaves only the file', async () => {
    const store = sqliteStore({ database: file });
    await write(store, 'x');
    await store.close();
    expect(readdirSync(folder.path('.'))).toEqual(['store.db']);
  });

  it('keep no process alive', async () => {
    const printed = await outputOf(spawnChild('write-on.ts', [file, 'x', String(enough)]));
    expect(printed.trim().split('\n')).toHaveLength(enough);
  });

  it('are left to SQLite if no thread can be started', async () => {
    const threads = vi.fn(function refuse() {
      throw new Error('no threads here');
    });
    threadsAre(threads as unknown as typeof Worker);
    const store = sqliteStore({ database: file });
    await write(store, 'x');
    expect(threads).toHaveBeenCalledTimes(1);
    expect(await automaticOf(store)).toEqual(usual);
    await store.close();
  });

  it('are left to SQLite again when the thread fails', async () => {
    const threads: Worker[] = [];
    threadsAre(
      class extends Worker {
        constructor(...args: ConstructorParameters<typeof Worker>) {
          super(...args);
          threads.push(this);
        }
      },
    );
    const store = sqliteStore({ database: file });
    await write(store, 'first');
    await vi.waitFor(async () => expect(await automaticOf(store)).toEqual(backstop), 20_000);
    await threads[0]?.terminate();
    expect(await automaticOf(store)).toEqual(usual);
    await write(store, 'second');
    expect(threads).toHaveLength(1);
    await store.close();
  });

  it("do not affect the user's own handle", async () => {
    const handle = new DatabaseSync(file);
    const store = sqliteStore({ database: handle });
    await write(store, 'x');
    expect(handle.prepare('PRAGMA wal_autocheckpoint').get()).toEqual(usual);
    expect(handle.prepare('PRAGMA cache_size').get()).toEqual({ cache_size: -2000 });
    await store.close();
    handle.close();
  });

  it('lose no answer when the process is killed', async () => {
    let printed = '';
    for (const [kill, lines] of [enough, 1.5 * enough, 2 * enough].entries()) {
      const child = spawnChild('write-on.ts', [file, `kill-${kill}`, '1000000']);
      const last = `kill-${kill}-${lines}\n`;
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        printed += String(chunk);
        if (printed.includes(last)) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      // The last line may be incomplete.
      printed = printed.slice(0, printed.lastIndexOf('\n') + 1);
    }
    const store = sqliteStore({ database: file });
    for (const key of printed.trim().split('\n'))
      expect((await store.read(key))?.result?.bytes.byteLength).toBe(largeText.length);
    await store.close();
    const db = new DatabaseSync(file);
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    db.close();
  });
});
