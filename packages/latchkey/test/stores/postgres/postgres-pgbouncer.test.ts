import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore, TransactionKind } from '../../../src/core/store.ts';
import { type PgBouncer, startPgBouncer } from '../../servers/pgbouncer.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { pgClient, postgresJsClient, type TestClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

const serverConnections = 2;

let database: TestDatabase;
let bouncer: PgBouncer;

async function useHard<Tx>(client: TestClient<Tx>): Promise<void> {
  const store = client.store({ listen: false });
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  await Promise.all(keys.flatMap((key) => Array.from({ length: 4 }, () => runOnce(store, client, key))));
  for (const key of keys) expect((await store.read(key))?.state).toBe('completed');
  expect([...(await database.effects())].sort()).toEqual([...keys].sort());
  await store.close();
  await client.close();
}

/** As a request does: claim, an effect and its step in a transaction, completion. */
async function runOnce<Tx>(
  store: OperatorStore<TransactionKind & { readonly handle: Tx; readonly mode: 'async' }>,
  client: TestClient<Tx>,
  key: string,
): Promise<void> {
  const token = crypto.randomUUID();
  if ((await store.claim(claimOf(key, token))).outcome !== 'claimed') return;
  const request = { id: key, token, leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
  const outcome = await store.transaction?.(request, async (tx) => {
    await client.write(tx, key);
    return { value: key, write: { kind: 'step', name: 'effect', value: bytesOf(key) } };
  });
  expect(outcome).toEqual({ outcome: 'committed', value: key });
  expect(await store.complete({ ...completionOf(key, token), notify: true })).toBe('completed');
}

describe.runIf(isSelected('postgres'))('behind a PgBouncer in transaction mode', () => {
  beforeAll(async () => {
    database = await testDatabase();
    bouncer = await startPgBouncer(database.server.port, serverConnections);
  });

  afterAll(async () => {
    await bouncer.stop();
    await database.stop();
  });

  beforeEach(() => database.clear());

  it('everything works with pg, on fewer connections than calls', () => useHard(pgClient(bouncer.url)));

  it('everything works with postgres.js, on fewer connections than calls', () =>
    useHard(postgresJsClient(bouncer.url)));
});
