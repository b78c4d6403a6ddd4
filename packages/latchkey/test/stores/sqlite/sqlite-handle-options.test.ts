import { DatabaseSync } from 'node:sqlite';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SqliteDatabase, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import { temporaryFolder } from './handles.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder.remove());

describe('a handle whose user chose other types for rows', () => {
  it('is refused by name when the store is made if it gives rows as arrays', () => {
    const database = new DatabaseSync(folder.path('arrays'), { returnArrays: true });
    const refusal = { code: 'option-invalid', message: expect.stringContaining('returnArrays') };
    expect(() => sqliteStore({ database })).toThrow(expect.objectContaining(refusal));
  });

  it.each([
    ['node:sqlite with readBigInts', () => new DatabaseSync(folder.path('big'), { readBigInts: true })],
    ['better-sqlite3 with defaultSafeIntegers', () => new BetterSqlite(folder.path('safe')).defaultSafeIntegers()],
    [
      'a handle that gives null for no row, as bun:sqlite does',
      () => givingNull(new DatabaseSync(folder.path('null'))),
    ],
  ])('is supported: %s', async (_name, open: () => SqliteDatabase) => {
    const store = sqliteStore({ database: open() });
    expect(await store.claim(claimOf('x', 'a'))).toMatchObject({ outcome: 'claimed', attempt: 1 });
    expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
    expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'completed' });
    expect(await store.read('absent')).toBeUndefined();
    expect(await store.outbox?.take({ limit: 1, leaseMs: 1_000, maxAttempts: 1 })).toEqual({ messages: [], dead: [] });
    await store.close();
  });
});

function givingNull(handle: SqliteDatabase): SqliteDatabase {
  return {
    exec: (sql) => handle.exec(sql),
    prepare: (sql) => {
      const statement = handle.prepare(sql);
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => statement.get(...values) ?? null,
        all: (...values) => statement.all(...values),
      };
    },
  };
}
