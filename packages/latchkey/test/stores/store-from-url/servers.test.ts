import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { createConnection, createPool } from 'mysql2/promise';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { LatchkeyError } from '../../../src/core/errors.ts';
import type { OperatorStore } from '../../../src/core/store.ts';
import { tableDefinition } from '../../../src/stores/dynamodb/index.ts';
import { migrate as migrateMariadb } from '../../../src/stores/mariadb/index.ts';
import { migrate as migratePostgres } from '../../../src/stores/postgres/index.ts';
import { migrateFromUrl, storeFromUrl } from '../../../src/stores/store-from-url/index.ts';
import { startDynamodb } from '../../servers/dynamodb-local.ts';
import { startMariadb } from '../../servers/mariadb-server.ts';
import { patience } from '../../servers/patience.ts';
import { startPostgres } from '../../servers/postgres-server.ts';
import { startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf } from '../requests.ts';

const ends: (() => Promise<unknown>)[] = [];
const startLimitMs = 60_000;

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** It has its server's clock, which is this machine's, claims, and closes more than once. */
async function use(store: Pick<OperatorStore, 'now' | 'claim' | 'close'>): Promise<void> {
  const offsetMs = Number(await store.now?.()) - Date.now();
  expect(Math.abs(offsetMs)).toBeLessThan(patience(10_000));
  expect((await store.claim(claimOf('id', 'token'))).outcome).toBe('claimed');
  await store.close();
  await store.close();
}

const refused = (url: string) => storeFromUrl(url).catch((error: LatchkeyError) => error);

async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { timeout: patience(10_000) }).toBe(true);
}

async function keysIn(port: number, db: number): Promise<readonly string[]> {
  const client = new Redis({ port, db, password: 's3cret/%' });
  try {
    return await client.keys('*');
  } finally {
    client.disconnect();
  }
}

if (isSelected('redis'))
  describe('storeFromUrl on Redis', () => {
    it('signs in, uses its prefix, reports a broken connection and closes it', {
      timeout: startLimitMs,
    }, async () => {
      const server = await startRedis(['--requirepass', 's3cret/%']);
      ends.push(server.stop);
      const url = `redis://:s3cret%2F%25@127.0.0.1:${server.port}/2?prefix=shop:` as const;
      const told: LatchkeyError[] = [];
      const store = await storeFromUrl(url, { onClientError: (error) => told.push(error) });
      expect((await store.doctor()).map(({ code }) => code)).toEqual(['append-only-off']);
      expect((await store.claim(claimOf('id', 'token'))).outcome).toBe('claimed');
      expect(await keysIn(server.port, 2)).toEqual(['shop:id']);
      await server.kill();
      await eventually(() => told.length > 0);
      await expect(store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
      await server.restart();
      await eventually(() =>
        store.ping().then(
          () => true,
          () => false,
        ),
      );
      await use(store);
      await expect(store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(inspect(told, { depth: 20 })).not.toContain('s3cret');
    });

    it("reports the server's error for a wrong password, without the password", { timeout: startLimitMs }, async () => {
      const server = await startRedis(['--requirepass', 'another']);
      ends.push(server.stop);
      const error = await refused(`redis://:s3cret@127.0.0.1:${server.port}`);
      expect(error).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('WRONGPASS') });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
    });
  });

if (isSelected('postgres'))
  describe('storeFromUrl on PostgreSQL', () => {
    it('finds its tables, and closes its connections', { timeout: startLimitMs }, async () => {
      const server = await startPostgres();
      const admin = new pg.Pool({ connectionString: server.url });
      admin.on('error', () => {});
      ends.push(server.stop, () => admin.end());
      const url = `${server.url}?schema=shop&tablePrefix=once_&connections=2&application_name=shop`;
      expect(await refused(url)).toMatchObject({ code: 'schema-missing' });
      for (let repeated = 0; repeated < 2; repeated += 1) await migrateFromUrl(url);
      expect(await migratePostgres(admin, { schema: 'shop', tablePrefix: 'once_' })).toEqual([]);
      const told: LatchkeyError[] = [];
      const store = await storeFromUrl(url, { onClientError: (error) => told.push(error) });
      const connections = async () => {
        const { rows } = await admin.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'shop'");
        return rows.length;
      };
      expect(await connections()).toBe(1);
      await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shop'");
      await eventually(() => told.length > 0);
      await use(store);
      await eventually(async () => (await connections()) === 0);
    });
  });

if (isSelected('mariadb'))
  describe('storeFromUrl on MariaDB', () => {
    it('signs in, finds its tables, and closes its connections', { timeout: startLimitMs }, async () => {
      const server = await startMariadb();
      const admin = createPool(server.admin);
      ends.push(server.stop, () => admin.end());
      const [name, password] = ["'shop'@'127.0.0.1'", 's3cret/%'];
      await admin.query(`CREATE USER ${name} IDENTIFIED BY '${password}'`);
      await migrateMariadb(admin, { tablePrefix: 'once_', database: server.admin.database, grantTo: name });
      const url = `mariadb://shop:s3cret%2F%25@127.0.0.1:${server.port}/${server.admin.database}`;
      const wrong = await refused(url.replace('%2F', ''));
      expect(wrong).toMatchObject({ code: 'store-unavailable' });
      expect(inspect(wrong, { depth: 20, showHidden: true })).not.toContain('s3cret');
      await use(await storeFromUrl(`${url}?tablePrefix=once_&connections=2`));
      await migrateFromUrl(`mariadb://root@127.0.0.1:${server.port}/${server.admin.database}?tablePrefix=own_`);
      const [tables] = await admin.query("SHOW TABLES LIKE 'own\\_%'");
      expect(tables).not.toHaveLength(0);
      const connection = await createConnection(server.admin);
      ends.push(() => connection.end());
      const left = async () => {
        const [rows] = await connection.query("SELECT id FROM information_schema.processlist WHERE user = 'shop'");
        return Array.isArray(rows) && rows.length === 0;
      };
      await eventually(left);
    });
  });

if (isSelected('dynamodb'))
  describe('storeFromUrl on DynamoDB', () => {
    it('finds its table', { timeout: startLimitMs }, async () => {
      const server = await startDynamodb();
      ends.push(server.stop);
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
      ends.push(async () => {
        for (const [name, value] of Object.entries({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY })) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      });
      const url = `dynamodb://local/once?endpoint=http://127.0.0.1:${server.port}&prefix=shop:&claimBy=read`;
      expect(await refused(url)).toMatchObject({ code: 'store-unavailable' });
      await server.client().createTable(tableDefinition({ table: 'once' }).create);
      await use(await storeFromUrl(url));
    });
  });
