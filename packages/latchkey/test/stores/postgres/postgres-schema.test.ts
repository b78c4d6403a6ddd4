import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { grants, migrate, migrations, postgresStore } from '../../../src/stores/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../../servers/postgres-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';

let server: PostgresServer;
let admin: pg.Pool;
let count = 0;

const odd = { schema: 'it\'s "odd" {x}', tablePrefix: 'a-"b" ' };

async function freshDatabase(): Promise<pg.Pool> {
  count += 1;
  await admin.query(`CREATE DATABASE fresh_${count}`);
  return new pg.Pool({ connectionString: server.url.replace(/postgres$/, `fresh_${count}`) });
}

describe.runIf(isSelected('postgres'))('the tables of a PostgreSQL store', () => {
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Pool({ connectionString: server.url });
    pool = await freshDatabase();
  });

  afterAll(async () => {
    await Promise.all([pool.end(), admin.end()]);
    await server.stop();
  });

  beforeEach(async () => {
    await pool.end();
    pool = await freshDatabase();
  });

  it('are created once, even by repeated and concurrent calls', async () => {
    const applied = await Promise.all([migrate(pool), migrate(pool), migrate(pool)]);
    expect(applied.flat()).toEqual([1, 2]);
    expect(await migrate(pool)).toEqual([]);
  });

  it('can be created by any tool from plain SQL at once', async () => {
    for (const { sql } of migrations()) await pool.query(sql);
    expect(await migrate(pool)).toEqual([]);
    const store = postgresStore({ client: pool, sweep: false });
    expect((await store.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    await store.close();
  });

  it('may have any name, and coexist', async () => {
    await migrate(pool, odd);
    await migrate(pool, { tablePrefix: 'other_' });
    const [first, second] = [odd, { tablePrefix: 'other_' }].map((names) => postgresStore({ client: pool, ...names }));
    expect((await first?.claim(claimOf('x', 'a')))?.outcome).toBe('claimed');
    expect((await second?.claim(claimOf('x', 'b')))?.outcome).toBe('claimed');
    await Promise.all([first?.close(), second?.close()]);
  });

  it('refuse names that PostgreSQL would truncate', () => {
    for (const names of [{ tablePrefix: 'x'.repeat(40) }, { schema: 'x'.repeat(64) }, { schema: '' }])
      expect(() => migrations(names)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });

  it('are reported as missing, and found as soon as they exist', async () => {
    const store = postgresStore({ client: pool, sweep: false });
    await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject({ code: 'schema-missing' });
    await expect(store.ping()).rejects.toThrow(/migrate\(\)/);
    await migrate(pool);
    expect((await store.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    await store.close();
  });

  it('of a newer version are refused, unless they may still be used', async () => {
    await migrate(pool);
    await pool.query('INSERT INTO latchkey_schema_versions (version, readable_by) VALUES (3, 2)');
    const old = postgresStore({ client: pool, sweep: false });
    expect((await old.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    await pool.query('INSERT INTO latchkey_schema_versions (version, readable_by) VALUES (4, 4)');
    const older = postgresStore({ client: pool, sweep: false });
    await expect(older.claim(claimOf('x', 'a'))).rejects.toMatchObject({ code: 'schema-mismatch' });
    await Promise.all([old.close(), older.close()]);
  });

  it('of another application under the same name are refused, and not changed', async () => {
    await pool.query(
      'CREATE TABLE latchkey_records (id int, mine text); INSERT INTO latchkey_records VALUES (1, $$x$$)',
    );
    await expect(migrate(pool)).rejects.toThrow(/already exists/);
    await pool.query('CREATE TABLE latchkey_schema_versions (version int, readable_by int)');
    await pool.query('INSERT INTO latchkey_schema_versions VALUES (2, 1)');
    const store = postgresStore({ client: pool, sweep: false });
    await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject({ code: 'schema-mismatch' });
    expect((await pool.query('SELECT * FROM latchkey_records')).rows).toEqual([{ id: 1, mine: 'x' }]);
    await store.close();
  });

  it('are accessible to a role with the given grants, and nothing else is', async () => {
    await migrate(pool, odd);
    const role = `app "${count}"`;
    await pool.query(`CREATE ROLE "app ""${count}""" LOGIN`);
    const mine = new pg.Pool({
      connectionString: server.url
        .replace(/\/\/.*@/, `//${encodeURIComponent(role)}@`)
        .replace(/postgres$/, `fresh_${count}`),
    });
    const store = postgresStore({ client: mine, ...odd, sweep: false });
    await expect(store.claim(claimOf('x', 'a'))).rejects.toThrow(/grants\(\)/);
    await pool.query(grants({ ...odd, role }));
    await store.claim(claimOf('x', 'a'));
    const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
    expect(await store.renew(request)).toBe(true);
    const write = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;
    expect(await store.transaction?.(request, () => ({ value: 1, write }))).toEqual({ outcome: 'committed', value: 1 });
    expect(await store.complete({ ...completionOf('x', 'a'), notify: true })).toBe('completed');
    expect((await store.list({ state: 'completed', limit: 1 })).records).toHaveLength(1);
    expect(await store.erase('principal')).toBe(1);
    expect(await store.sweep(1)).toBe(0);
    await store.close();
    const forbidden = /permission denied|must be owner/;
    await expect(mine.query(`DROP TABLE "it's ""odd"" {x}"."a-""b"" records"`)).rejects.toThrow(forbidden);
    await mine.end();
  });
});
