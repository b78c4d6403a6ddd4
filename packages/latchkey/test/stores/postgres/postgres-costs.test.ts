import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore, TransactionKind } from '../../../src/core/store.ts';
import { patience } from '../../servers/patience.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { pgClient, postgresJsClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;

const statistics = `
SELECT coalesce(sum(calls), 0)::int AS calls,
  coalesce(sum(calls) FILTER (WHERE query ~* '^(begin|commit|rollback|start)'), 0)::int AS transactions,
  coalesce(sum(shared_blks_dirtied), 0)::int AS dirtied, coalesce(sum(wal_records), 0)::int AS wal
FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'`;

interface PlainClient {
  store(settings: { sweep: boolean }): Pick<OperatorStore<TransactionKind>, 'claim' | 'complete' | 'ping' | 'close'>;
  close(): Promise<void>;
}

interface Costs {
  readonly calls: number;
  readonly transactions: number;
  readonly wal: number;
}

/** The server's counts while `work` ran. */
async function costsOf(work: () => Promise<unknown>): Promise<Costs> {
  await database.admin.query('SELECT pg_stat_statements_reset()');
  await work();
  const { rows } = await database.admin.query<Costs>(statistics);
  if (rows[0] === undefined) throw new Error('no statistics');
  return rows[0];
}

describe.runIf(isSelected('postgres'))('the statements of the PostgreSQL store', { timeout: patience(180_000) }, () => {
  const clients: Record<string, PlainClient> = {};

  beforeAll(async () => {
    database = await testDatabase();
    await database.admin.query('CREATE EXTENSION pg_stat_statements');
    clients['pg'] = pgClient(database.server.url);
    clients['postgres.js'] = postgresJsClient(database.server.url);
  });

  afterAll(async () => {
    await Promise.all(Object.values(clients).map((client) => client.close()));
    await database.stop();
  });

  beforeEach(() => database.clear());

  for (const name of ['pg', 'postgres.js']) {
    it(`is two statements for a first request and one for a replay, without a transaction (${name})`, async () => {
      const store = clients[name]?.store({ sweep: false });
      if (store === undefined) throw new Error('no client');
      await store.ping();
      const first = await costsOf(async () => {
        await store.claim(claimOf('x', 'a'));
        await store.complete(completionOf('x', 'a'));
      });
      expect(first).toMatchObject({ calls: 2, transactions: 0 });
      const replay = await costsOf(() => store.claim(claimOf('x', 'b')));
      expect(replay).toMatchObject({ calls: 1, transactions: 0, wal: 0 });
      await store.claim(claimOf('y', 'a'));
      expect(await costsOf(() => store.claim(claimOf('y', 'b')))).toMatchObject({ calls: 1, wal: 0 });
      await store.close();
    });
  }

  it('is one more statement when claims race', async () => {
    const store = clients['pg']?.store({ sweep: false });
    if (store === undefined) throw new Error('no client');
    const tokens = Array.from({ length: 10 }, (_, index) => `token-${index}`);
    for (let round = 0; round < 20; round += 1) {
      const { calls } = await costsOf(() =>
        Promise.all(tokens.map((token) => store.claim(claimOf(`x${round}`, token)))),
      );
      expect(calls).toBeGreaterThanOrEqual(tokens.length);
      expect(calls).toBeLessThan(2 * tokens.length);
    }
    await store.close();
  });

  it('keeps a record small', async () => {
    const store = clients['pg']?.store({ sweep: false });
    if (store === undefined) throw new Error('no client');
    const ids = Array.from({ length: 500 }, (_, index) => digestLike(index));
    for (const id of ids) {
      const token = crypto.randomUUID();
      const change = {
        principal: digestLike(7),
        operationId: crypto.randomUUID(),
        fingerprint: `1.${digestLike(9)}`,
      };
      await store.claim(claimOf(id, token, change));
      await store.complete(completionOf(id, token, 'x'.repeat(400)));
    }
    const { rows } = await database.admin.query(
      'SELECT avg(pg_column_size(r.*))::int AS bytes FROM latchkey_records r',
    );
    console.log(`a row with a result of 400 bytes takes ${rows[0].bytes} bytes`);
    expect(rows[0].bytes).toBeLessThanOrEqual(800);
    await store.close();
  });
});

/** 43 characters of base64url, as the engine's ids are. */
function digestLike(seed: number): string {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, seed);
  return Buffer.from(bytes).toString('base64url');
}
