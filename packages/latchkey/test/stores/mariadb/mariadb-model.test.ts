import fc from 'fast-check';
import type { PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import { type MariadbTransactions, mariadbStore } from '../../../src/stores/mariadb/index.ts';
import { faultyStore, manualRuntime } from '../../../src/testing/index.ts';
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
import { type TestDatabase, testDatabase } from './database.ts';
import { clockedPool, writeEffect } from './pools.ts';

/** A failure prints the seed; `SEED=…` runs the same commands again. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const numRuns = 100;

let database: TestDatabase;

async function realOf(): Promise<{ real: Real; close(): Promise<void> }> {
  const runtime = manualRuntime();
  await database.clear();
  const { store, faults } = faultyStore(
    mariadbStore({ client: clockedPool(database.pool, runtime), maxResultBytes }),
    runtime,
  );
  const real: Real = {
    runtime,
    faults,
    call: (made) => (made.method === 'transaction' ? transact(store, made) : callStore(store, made)),
    effects: async () => (await database.effects()).length,
  };
  return { real, close: () => store.close() };
}

async function transact(
  store: OperatorStore<MariadbTransactions<PoolConnection>>,
  call: Extract<Call, { end: string }>,
): Promise<string> {
  const write = { kind: 'result', result: resultOf(call.text), tombstone: bytesOf('gone'), retentionMs } as const;
  const step = { kind: 'step', name: 'transaction', value: bytesOf(call.text) } as const;
  const body = async (connection: PoolConnection): Promise<Transacted<undefined>> => {
    await writeEffect(connection, 'effect');
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

describe.runIf(isSelected('mariadb'))('every method in any order, with lost and repeated replies', () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  it('behaves on MariaDB like the model', async () => {
    const property = fc.asyncProperty(commands(true), async (run) => {
      const { real, close } = await realOf();
      await fc.asyncModelRun(() => ({ model: new Model(), real }), run);
      await close();
    });
    await fc.assert(property, { numRuns, ...seed });
  });
});
