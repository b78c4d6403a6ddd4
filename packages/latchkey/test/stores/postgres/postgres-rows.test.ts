import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore } from '../../../src/core/store.ts';
import type { PostgresTransactions } from '../../../src/stores/postgres/index.ts';
import { patience } from '../../servers/patience.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type PgTx, pgClient, type TestClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;
let client: TestClient<PgTx>;
let store: OperatorStore<PostgresTransactions<PgTx>>;

const unreadable = { code: 'record-unreadable' };

/** Changes of a valid row that no version makes. */
const garbage: readonly string[] = [
  'format = 0',
  'format = 3',
  "format = 2, token = '\\x'",
  "state = 'sleeping'",
  "policy = 'perhaps'",
  "token = '\\x'",
  "operation_id = '\\x03'",
  "steps = '\\x00ff'",
  "state = 'completed', kind = NULL, result = NULL",
  "state = 'completed', kind = 'riddle', result = '\\x00'",
  'lease_end = NULL',
];

describe.runIf(isSelected('postgres'))('rows of a PostgreSQL store', () => {
  beforeAll(async () => {
    database = await testDatabase();
    client = pgClient(database.server.url);
  });

  afterAll(async () => {
    await client.close();
    await database.stop();
  });

  beforeEach(async () => {
    await database.clear();
    store = client.store({ sweep: false });
  });

  for (const change of garbage) {
    it(`with ${change} are refused and not changed`, async () => {
      await store.claim(claimOf('x', 'a'));
      await database.admin.query(`UPDATE latchkey_records SET ${change}`);
      const before = (await database.admin.query('SELECT * FROM latchkey_records')).rows;
      await expect(store.claim(claimOf('x', 'b', { takeover: 'any' }))).rejects.toMatchObject(unreadable);
      await expect(store.read('x')).rejects.toMatchObject(unreadable);
      expect((await database.admin.query('SELECT * FROM latchkey_records')).rows).toEqual(before);
    });
  }

  it('of another format are refused even to their owner, and not swept', async () => {
    await store.claim(claimOf('x', 'a'));
    await database.admin.query('UPDATE latchkey_records SET format = 3, expires = 1');
    const owner = { id: 'x', token: 'a' };
    await expect(store.complete(completionOf('x', 'a'))).rejects.toMatchObject(unreadable);
    await expect(store.renew({ ...owner, leaseMs: 1, unresolvedRetentionMs: 1 })).rejects.toMatchObject(unreadable);
    await expect(store.saveStep({ ...owner, name: 's', value: bytesOf('') })).rejects.toMatchObject(unreadable);
    await expect(store.claim(claimOf('x', 'b'))).rejects.toMatchObject(unreadable);
    expect(await store.sweep(10)).toBe(0);
    expect((await database.admin.query('SELECT FROM latchkey_records')).rowCount).toBe(1);
  });

  it('distinguish names whose bytes are alike', async () => {
    const digest = 'A'.repeat(43);
    const uuid = '00000000-0000-0000-0000-000000000000';
    const ids = [
      digest,
      uuid,
      '\0'.repeat(16),
      '\0'.repeat(15),
      '\0'.repeat(31),
      '\0'.repeat(32),
      '',
      '\u0001',
      '\u0002\0',
    ];
    for (const id of ids) expect((await store.claim(claimOf(id, `token of ${id}`))).outcome).toBe('claimed');
    for (const id of ids) expect(await store.read(id)).toMatchObject({ id, token: `token of ${id}` });
  });

  describe('that have expired', () => {
    const expireAll = () => database.admin.query('UPDATE latchkey_records SET expires = 1');

    it('are swept without waiting for locked ones', async () => {
      for (let index = 0; index < 5; index += 1) await store.claim(claimOf(`x${index}`, 'a'));
      await expireAll();
      const holder = await database.admin.connect();
      await holder.query("BEGIN; SELECT FROM latchkey_records WHERE id = '\\x017830' FOR UPDATE");
      expect(await store.sweep(10)).toBe(4);
      await holder.query('COMMIT');
      holder.release();
      expect(await store.sweep(10)).toBe(1);
    });

    it('are shared among concurrent sweepers', async () => {
      for (let index = 0; index < 40; index += 1) await store.claim(claimOf(`x${index}`, 'a'));
      await expireAll();
      const counts = await Promise.all(Array.from({ length: 8 }, () => store.sweep(10)));
      expect(Math.max(...counts)).toBeLessThanOrEqual(10);
      let total = counts.reduce((sum, swept) => sum + swept);
      for (let swept = await store.sweep(10); swept > 0; swept = await store.sweep(10)) total += swept;
      expect(total).toBe(40);
    });

    it('are swept by the store’s own timer', async () => {
      const sweeping = client.store({});
      await sweeping.claim(claimOf('x', 'a'));
      await expireAll();
      const left = async () => (await database.admin.query('SELECT FROM latchkey_records')).rowCount;
      await expect.poll(left, { timeout: patience(20_000), interval: 200 }).toBe(0);
      await sweeping.close();
    });

    it('are replaced by one of many claims', async () => {
      await store.claim(claimOf('x', 'a'));
      await expireAll();
      const tokens = Array.from({ length: 20 }, (_, index) => `token-${index}`);
      const outcomes = await Promise.all(tokens.map((token) => store.claim(claimOf('x', token))));
      expect(outcomes.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'running')).toHaveLength(19);
    });
  });
});
