import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { grants, mariadbStore, migrate, migrations } from '../../../src/stores/mariadb/index.ts';
import { manualRuntime } from '../../../src/testing/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { clockedPool } from './pools.ts';

const account = "'shop'@'127.0.0.1'";

describe.runIf(isSelected('mariadb'))('the schema of MariaDB', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await testDatabase();
    ({ pool } = database);
  });

  afterAll(() => database.stop());

  beforeEach(() => database.clear());

  it('may be applied concurrently and repeatedly', async () => {
    const options = { tablePrefix: 'twice_' };
    await Promise.all(Array.from({ length: 4 }, () => migrate(pool, options)));
    const store = mariadbStore({ client: pool, ...options });
    await store.claim(claimOf('x', 'a'));
    await migrate(pool, options);
    expect((await store.read('x'))?.token).toBe('a');
    await store.close();
  });

  it('is plain SQL in another database too, with no more rights than the store needs', async () => {
    await pool.query('CREATE DATABASE records');
    await pool.query(`CREATE USER ${account} IDENTIFIED BY 'secret'`);
    const options = { database: 'records', tablePrefix: 'lk-' };
    const all = [...migrations(options).map(({ sql }) => sql), grants({ ...options, grantTo: account })];
    const statements = all.join('').split(';\n');
    for (const statement of statements.filter((text) => text.trim() !== '')) await pool.query(statement);
    const connection = { host: '127.0.0.1', port: database.server.port, user: 'shop', password: 'secret' };
    const client = createPool({ ...connection, connectionLimit: 4 });
    const store = mariadbStore({ client, ...options });
    const owner = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
    await store.claim(claimOf('x', 'a', { policy: 'rerun' }));
    await store.renew(owner);
    await store.saveStep({ ...owner, name: 'one', value: bytesOf('1') });
    await store.transaction?.(owner, () => ({ value: 1, write: { kind: 'step', name: 'two', value: bytesOf('2') } }));
    await store.abandon(owner);
    expect(await store.claim(claimOf('x', 'b', { takeover: 'rerun' }))).toMatchObject({ attempt: 2 });
    await store.complete(completionOf('x', 'b'));
    expect((await store.list({ state: 'completed', limit: 10 })).records).toHaveLength(1);
    await store.sweep(10);
    await store.ping();
    expect(await store.erase('principal')).toBe(1);
    await expect(client.query('DROP TABLE records.`lk-records`')).rejects.toMatchObject({ errno: 1142 });
    await store.close();
    await client.end();
  });

  for (const name of ['', 'a`b', 'semi;colon', 'x'.repeat(51)])
    it(`refuses ${JSON.stringify(name)} as a part of a name`, () => {
      expect(() => migrations({ tablePrefix: name })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
      expect(() => mariadbStore({ client: pool, database: name })).toThrow(/database must be/);
    });

  it('refuses to grant to an invalid account', () => {
    expect(() => grants({ grantTo: 'shop' })).toThrow(/grantTo/);
    expect(() => grants({ grantTo: "'a'@'b' WITH GRANT OPTION" })).toThrow(/grantTo/);
  });

  it('gives a clear error if it is missing, newer, or foreign', async () => {
    const coded = async (tablePrefix: string) => {
      const store = mariadbStore({ client: pool, tablePrefix });
      const error: unknown = await store.claim(claimOf('x', 'a')).catch((reason: unknown) => reason);
      await store.close();
      return Reflect.get(Object(error), 'code');
    };
    expect(await coded('nowhere_')).toBe('schema-missing');
    await migrate(pool, { tablePrefix: 'empty_' });
    await pool.query('DELETE FROM empty_schema');
    expect(await coded('empty_')).toBe('schema-missing');
    await migrate(pool, { tablePrefix: 'newer_' });
    await pool.query('INSERT INTO newer_schema (version) VALUES (2)');
    expect(await coded('newer_')).toBe('schema-mismatch');
    await pool.query('CREATE TABLE foreign_schema (colour TEXT)');
    expect(await coded('foreign_')).toBe('schema-mismatch');
    await migrate(pool, { tablePrefix: 'other_' });
    await pool.query('DROP TABLE other_records');
    await pool.query('CREATE TABLE other_records (id INT, name TEXT)');
    expect(await coded('other_')).toBe('schema-mismatch');
  });

  it('is found by a store that was created before it', async () => {
    const store = mariadbStore({ client: pool, tablePrefix: 'late_' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'schema-missing' });
    await migrate(pool, { tablePrefix: 'late_' });
    await store.ping();
    await store.close();
  });

  describe('rows that this version did not write', () => {
    const garbage = {
      'an older format': 'format = 0',
      'a newer format': 'format = 3',
      'a request that is missing': "format = 2, request = NULL, steps = 'garbage'",
      'an unknown state': 'state = 9',
      'steps that are cut short': "steps = 'garbage'",
      'no result': 'state = 2, result = NULL',
      'a time beyond all bounds': 'expires = 9223372036854775807',
    };
    let store: ReturnType<typeof mariadbStore>;

    beforeEach(async () => {
      store = mariadbStore({ client: pool });
      await store.claim(claimOf('x', 'a', { policy: 'rerun' }));
    });

    afterEach(() => store.close());

    const contents = async () => {
      const [rows] = await pool.query<RowDataPacket[]>('SELECT * FROM latchkey_records');
      return rows;
    };

    for (const [what, change] of Object.entries(garbage)) {
      it(`are refused and not changed: ${what}`, async () => {
        await pool.query(`UPDATE latchkey_records SET ${change}`);
        const before = await contents();
        const owner = { id: 'x', token: 'b', leaseMs: 1, unresolvedRetentionMs: 1, retentionMs: 1 };
        const calls = [
          () => store.claim(claimOf('x', 'b', { takeover: 'any' })),
          () => store.renew(owner),
          () => store.complete(completionOf('x', 'b')),
          () => store.saveStep({ ...owner, name: 'two', value: bytesOf('2') }),
          () => store.release(owner),
          () => store.abandon(owner),
          () => store.read('x'),
          () => store.resolve({ ...owner, resolution: { decision: 'forget' } }),
        ];
        for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'record-unreadable' });
        const body = () => ({ value: 1, write: { kind: 'step', name: 's', value: bytesOf('1') } }) as const;
        await expect(store.transaction?.(owner, body)).rejects.toMatchObject({ code: 'record-unreadable' });
        expect(await contents()).toEqual(before);
      });
    }

    it('of a newer format are not swept', async () => {
      await pool.query('UPDATE latchkey_records SET format = 3, expires = 1');
      expect(await store.sweep(10)).toBe(0);
      expect(await contents()).toHaveLength(1);
    });
  });

  it('follows the server’s clock, also on the night when summer time ends', async () => {
    const runtime = manualRuntime(1, Date.UTC(2026, 9, 25, 0, 59, 59));
    const store = mariadbStore({ client: clockedPool(pool, runtime) });
    await store.claim(claimOf('x', 'a', { leaseMs: 10_000 }));
    await runtime.advance(5_000);
    expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'running', leaseLeftMs: 5_000 });
    expect((await store.read('x'))?.createdAtMs).toBe(Date.UTC(2026, 9, 25, 0, 59, 59));
    await store.close();
  });

  it('keeps results up to the packet’s limit, and tombstones of longer ones', async () => {
    const packet = 1024 * 1024;
    await pool.query(`SET GLOBAL max_allowed_packet = ${packet}`);
    const client = createPool({ ...database.server.admin, connectionLimit: 2 });
    const store = mariadbStore({ client });
    const complete = async (id: string, size: number) => {
      await store.claim(claimOf(id, 'a'));
      const result = { kind: 'value', bytes: new Uint8Array(size).fill(7) } as const;
      return store.complete({ ...completionOf(id, 'a'), result });
    };
    expect(await complete('fits', packet - 64 * 1024)).toBe('completed');
    expect((await store.read('fits'))?.result?.bytes.byteLength).toBe(packet - 64 * 1024);
    expect(await complete('too-long', packet)).toBe('tombstoned');
    await store.claim(claimOf('steps', 'a'));
    const asking = (size: number) => ({ request: new Uint8Array(size).fill(7) });
    expect((await store.claim(claimOf('asked', 'a', asking(packet - 64 * 1024)))).outcome).toBe('claimed');
    const tooLong = store.claim(claimOf('asked-too-long', 'a', asking(packet)));
    await expect(tooLong).rejects.toMatchObject({ code: 'value-invalid' });
    expect(await store.read('asked-too-long')).toBeUndefined();
    const half = { id: 'steps', token: 'a', value: new Uint8Array(packet / 2) };
    expect(await store.saveStep({ ...half, name: 'one' })).toBe(true);
    await expect(store.saveStep({ ...half, name: 'two' })).rejects.toMatchObject({ code: 'value-invalid' });
    expect([...((await store.read('steps'))?.steps.keys() ?? [])]).toEqual(['one']);
    // The server's limit may be lowered after the store has read it.
    await pool.query(`SET GLOBAL max_allowed_packet = ${packet / 4}`);
    for (const connection of [await client.getConnection(), await client.getConnection()]) connection.destroy();
    const answer = await complete('lower', packet / 2).catch(() => complete('lower', packet / 2));
    expect(answer).toBe('tombstoned');
    await pool.query('SET GLOBAL max_allowed_packet = 16777216');
    await store.close();
    await client.end();
  });

  it('refuses names that are too long', async () => {
    const store = mariadbStore({ client: pool });
    await expect(store.claim(claimOf('x'.repeat(256), 'a'))).rejects.toMatchObject({ code: 'option-invalid' });
    expect((await store.claim(claimOf('x'.repeat(255), 'a'))).outcome).toBe('claimed');
    await store.close();
  });

  it('needs connections with autocommit', async () => {
    const client = createPool({ ...database.server.admin, connectionLimit: 1 });
    client.on('connection', (connection) => void connection.query('SET autocommit = 0'));
    const store = mariadbStore({ client });
    await expect(store.ping()).rejects.toMatchObject({ code: 'option-invalid' });
    await store.close();
    await client.end();
  });
});
