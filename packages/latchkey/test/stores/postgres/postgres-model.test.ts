import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import type { PostgresTransactions } from '../../../src/stores/postgres/index.ts';
import { faultyStore, manualRuntime } from '../../../src/testing/index.ts';
import { patience } from '../../servers/patience.ts';
import { isSelected } from '../../servers/selected.ts';
import {
  bytesOf,
  type Call,
  callStore,
  leaseMs,
  maxResultBytes,
  resultOf,
  retentionMs,
  unresolvedRetentionMs,
} from '../model/calls.ts';
import { commands, type Real } from '../model/commands.ts';
import { Model } from '../model/model.ts';
import { pgClient, postgresJsClient, type TestClient } from './clients.ts';
import { movedPath, type TestDatabase, testDatabase } from './database.ts';

/** A failure prints the seed; `SEED=…` runs the same commands again. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const numRuns = 50;

const patienceMs = patience(180_000);

let database: TestDatabase;

async function checkAgainstModel<Tx>(client: TestClient<Tx>): Promise<void> {
  const property = fc.asyncProperty(commands(true), async (run) => {
    const { real, close } = await realOf(client);
    await fc.asyncModelRun(() => ({ model: new Model(), real }), run);
    await close();
  });
  await fc.assert(property, { numRuns, ...seed });
  await client.close();
}

async function realOf<Tx>(client: TestClient<Tx>): Promise<{ real: Real; close(): Promise<void> }> {
  const manual = manualRuntime();
  await database.clear();
  await database.freeze(manual.clock.now());
  const runtime = {
    ...manual,
    advance: async (ms: number) => {
      await manual.advance(ms);
      await database.freeze(manual.clock.now());
    },
  };
  // Its timers are manual too, since leases of milliseconds would otherwise limit the real time of transactions.
  const { store, faults } = faultyStore(client.store({ maxResultBytes, sweep: false, runtime }), runtime);
  const real: Real = {
    runtime,
    faults,
    call: (made) => (made.method === 'transaction' ? transact(store, client, made) : callStore(store, made)),
    effects: async () => (await database.effects()).length,
  };
  return { real, close: () => store.close() };
}

async function transact<Tx>(
  store: OperatorStore<PostgresTransactions<Tx>>,
  client: TestClient<Tx>,
  call: Extract<Call, { end: string }>,
): Promise<string> {
  const write = { kind: 'result', result: resultOf(call.text), tombstone: bytesOf('gone'), retentionMs } as const;
  const step = { kind: 'step', name: 'transaction', value: bytesOf(call.text) } as const;
  const body = async (tx: Tx): Promise<Transacted<undefined>> => {
    await client.write(tx, 'effect');
    if (call.end === 'throw') throw new RangeError('the function failed');
    return { value: undefined, write: call.end === 'step' ? step : write };
  };
  const request = { id: call.id, token: call.token, leaseMs, unresolvedRetentionMs };
  try {
    return (await store.transaction?.(request, body))?.outcome ?? 'unsupported';
  } catch (error) {
    if (error instanceof RangeError) return 'thrown';
    throw error;
  }
}

describe.runIf(isSelected('postgres'))('every method in any order, with lost and repeated replies', () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  it('behaves on pg like the model', () => checkAgainstModel(pgClient(database.server.url, movedPath)), patienceMs);

  it(
    'does on postgres.js what the model does',
    () => checkAgainstModel(postgresJsClient(database.server.url, movedPath)),
    patienceMs,
  );
});
