import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresClient, postgresStore } from '../../../src/stores/postgres/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;
const ends: (() => Promise<unknown>)[] = [];

function pool(options: pg.PoolConfig): PostgresClient {
  const made = new pg.Pool({ connectionString: database.server.url, ...options });
  ends.push(() => made.end());
  return made;
}

function sql(options: postgres.Options<Record<string, postgres.PostgresType>>): PostgresClient {
  const made = postgres(database.server.url, { onnotice: () => {}, ...options });
  ends.push(() => made.end({ timeout: 1 }));
  return made;
}

/** Parsers by type, as `pg` takes them: booleans as letters. */
const letters = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.BOOL ? (value: string) => value : pg.types.getTypeParser(oid, format as 'text');

describe.runIf(isSelected('postgres'))('a PostgreSQL client whose user chose other types for rows', () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  beforeEach(() => database.clear());

  afterAll(async () => {
    for (const end of ends) await end();
    await database.stop();
  });

  it.each([
    ['pg with a parser of its own for booleans', () => pool({ types: { getTypeParser: letters as never } })],
    ['pg with binary results', () => pool({ binary: true } as pg.PoolConfig)],
    [
      'postgres.js with a transform of values',
      () => sql({ transform: { value: { from: (value: unknown) => String(value) } } }),
    ],
  ])('is refused by name before anything runs: %s', async (_name, open: () => PostgresClient) => {
    const store = postgresStore({ client: open(), sweep: false });
    await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject({ code: 'option-invalid' });
    await store.close();
  });

  it.each([
    ['postgres.js in camel case', () => sql({ transform: postgres.camel })],
    ['postgres.js with undefined for null', () => sql({ transform: postgres.toCamel as never })],
  ])('is supported: %s', async (_name, open: () => PostgresClient) => {
    const store = postgresStore({ client: open(), sweep: false });
    expect(await store.claim(claimOf('x', 'a'))).toMatchObject({ outcome: 'claimed', attempt: 1 });
    expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
    expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'completed' });
    await store.close();
  });
});
