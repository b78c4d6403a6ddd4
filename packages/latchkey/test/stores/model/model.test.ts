import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { faultyStore, manualRuntime } from '../../../src/testing/index.ts';
import { temporaryFolder } from '../sqlite/handles.ts';
import {
  bytesOf,
  type Call,
  callStore,
  leaseMs,
  maxResultBytes,
  resultOf,
  retentionMs,
  unresolvedRetentionMs,
} from './calls.ts';
import { commands, type Real } from './commands.ts';
import { Model } from './model.ts';

/** A failure prints the seed; `SEED=…` runs the same commands again. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const numRuns = 600;

type ClosableReal = Real & { close(): Promise<void> };

async function checkAgainstModel(withTransactions: boolean, makeReal: () => ClosableReal): Promise<void> {
  const property = fc.asyncProperty(commands(withTransactions), async (run) => {
    const real = makeReal();
    await fc.asyncModelRun(() => ({ model: new Model(), real }), run);
    await real.close();
  });
  await fc.assert(property, { numRuns, ...seed });
}

describe('every method in any order, with lost and repeated replies, behaves like the model', () => {
  it('memory', () => checkAgainstModel(false, () => memoryReal()));

  it('sqlite', async () => {
    const folder = await temporaryFolder();
    const database = new DatabaseSync(folder.path('store.db'));
    database.exec('CREATE TABLE effects (seq INTEGER PRIMARY KEY)');
    await checkAgainstModel(true, () => sqliteReal(database));
    database.close();
    await folder.remove();
  });
});

function memoryReal(): ClosableReal {
  const runtime = manualRuntime();
  const { store, faults } = faultyStore(memoryStore({ runtime, maxResultBytes }), runtime);
  const call = async (made: Call) => {
    if (made.method === 'transaction') throw new TypeError('The memory store has no transactions.');
    return callStore(store, made);
  };
  return { runtime, faults, call, close: () => store.close() };
}

function sqliteReal(database: DatabaseSync): ClosableReal {
  const runtime = manualRuntime();
  const options = { database, runtime, maxResultBytes, synchronous: 'normal' } as const;
  const { store, faults } = faultyStore(sqliteStore(options), runtime);
  database.exec('DELETE FROM latchkey_records; DELETE FROM effects');
  return {
    runtime,
    faults,
    call: (made) => (made.method === 'transaction' ? transact(store, made) : callStore(store, made)),
    effects: () => database.prepare('SELECT seq FROM effects').all().length,
    close: () => store.close(),
  };
}

async function transact(
  store: OperatorStore<SqliteTransactions<DatabaseSync>>,
  call: Extract<Call, { end: string }>,
): Promise<string> {
  const write = { kind: 'result', result: resultOf(call.text), tombstone: bytesOf('gone'), retentionMs } as const;
  const step = { kind: 'step', name: 'transaction', value: bytesOf(call.text) } as const;
  const body = (handle: DatabaseSync): Transacted<undefined> => {
    handle.exec('INSERT INTO effects DEFAULT VALUES');
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
