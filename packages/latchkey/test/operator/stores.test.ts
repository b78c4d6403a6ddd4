import { createPool } from 'mysql2/promise';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { operator } from '../../src/operator/index.ts';
import { dynamodbStore, tableDefinition } from '../../src/stores/dynamodb/index.ts';
import { mariadbStore, migrate as migrateMariadb } from '../../src/stores/mariadb/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { migrate as migratePostgres } from '../../src/stores/postgres/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { storeFromUrl } from '../../src/stores/store-from-url/index.ts';
import { startDynamodb } from '../servers/dynamodb-local.ts';
import { startMariadb } from '../servers/mariadb-server.ts';
import { startPostgres } from '../servers/postgres-server.ts';
import { startRedis } from '../servers/redis-server.ts';
import { isSelected } from '../servers/selected.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { ann, ben, created, lapse, stored, takeOver, type WorkedStore } from './records.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const stores: Readonly<Record<string, () => Promise<WorkedStore>>> = {
  memory: async () => memoryStore(),
  sqlite: async () => {
    const folder = await temporaryFolder();
    const store = sqliteStore({ database: folder.path('records.db') });
    ends.push(folder.remove, () => store.close());
    return store;
  },
  redis: async () => {
    const server = await startRedis();
    const store = await storeFromUrl(`redis://127.0.0.1:${server.port}`);
    ends.push(server.stop, () => store.close());
    return store;
  },
  postgres: async () => {
    const server = await startPostgres();
    ends.push(server.stop);
    const admin = new pg.Pool({ connectionString: server.url });
    await migratePostgres(admin);
    await admin.end();
    const store = await storeFromUrl(server.url);
    ends.push(() => store.close());
    return store;
  },
  mariadb: async () => {
    const server = await startMariadb();
    ends.push(server.stop);
    const pool = createPool(server.admin);
    await migrateMariadb(pool);
    ends.push(() => pool.end());
    return mariadbStore({ client: pool });
  },
  dynamodb: async () => {
    const server = await startDynamodb();
    const client = server.client();
    ends.push(server.stop, () => client.destroy());
    await client.createTable(tableDefinition({ table: 'records' }).create);
    return dynamodbStore({ client, table: 'records' });
  },
};

const decided = ['decided', 'applied'];

for (const [name, open] of Object.entries(stores).filter(([store]) => isSelected(store)))
  describe(`the operator on ${name}`, () => {
    it('lists, resolves, requires approval, and records everything', async () => {
      const store = await open();
      const alone = operator({ store });
      const together = operator({ store, approvals: 2 });
      for (const decision of [created, 'rerun', 'forget'] as const) {
        const { id, token } = await lapse(store, `alone ${JSON.stringify(decision)}`);
        const { records } = await alone.list({ state: 'lapsed', limit: 100 });
        expect(records).toMatchObject([{ id, token, steps: [{ name: 'charge' }], begun: [{ name: 'order' }] }]);
        expect(await alone.show(id)).toMatchObject({ steps: [{ name: 'charge', value: { charge: 'ch_1' } }] });
        expect(await alone.resolve(id, token, decision, ann)).toMatchObject({ outcome: 'applied', audited: true });
        await expect(alone.resolve(id, token, decision, ann)).rejects.toMatchObject({ code: 'resolution-stale' });
        expect((await alone.audit(id)).map(({ event }) => event)).toEqual([...decided, 'refused']);
      }
      const { id, token } = await lapse(store, 'together');
      await takeOver(store, id, 'second');
      await expect(together.resolve(id, token, created, ann)).rejects.toMatchObject({ code: 'resolution-stale' });
      const proposed = await together.resolve(id, 'second', created, ann);
      if (proposed.outcome !== 'proposed') throw new Error('It was not proposed.');
      const { proposal } = proposed;
      const own = together.approve(id, 'second', { proposal, ...ann });
      await expect(own).rejects.toMatchObject({ code: 'approval-by-proposer' });
      const approvals = await Promise.allSettled(
        ['ben', 'carl', 'dora'].map((who) => together.approve(id, 'second', { proposal, who, why: 'at once' })),
      );
      expect(approvals.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await stored(store, id)).state).toBe('completed');
      expect((await together.audit(id)).filter(({ event }) => event === 'applied')).toHaveLength(1);
      await store.erase('principal');
      const { entries } = await alone.log({ limit: 100 });
      expect(entries.length).toBe(9 + (await alone.audit(id)).length);
      expect((await alone.list({ state: 'completed', limit: 100 })).records).toEqual([]);
      expect(entries.some(({ who }) => who === ben.who)).toBe(true);
    });
  });
