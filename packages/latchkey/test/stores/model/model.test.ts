import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { faultyStore, manualRuntime } from '../../../src/testing/index.ts';
import { temporaryFolder } from '../sqlite/handles.ts';
import { maxResultBytes } from './calls.ts';
import { commands, type Real } from './commands.ts';
import { Model } from './model.ts';

/** A failure prints the seed; `SEED=…` runs the same commands again. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

async function checkAgainstModel(numRuns: number, makeReal: () => Real): Promise<void> {
  const property = fc.asyncProperty(commands(), async (run) => {
    const real = makeReal();
    await fc.asyncModelRun(() => ({ model: new Model(), real }), run);
    await real.faulty.store.close();
  });
  await fc.assert(property, { numRuns, ...seed });
}

describe('every method in any order, with lost and repeated replies, does what the model does', () => {
  it('memory', async () => {
    await checkAgainstModel(500, () => {
      const runtime = manualRuntime();
      return { runtime, faulty: faultyStore(memoryStore({ runtime, maxResultBytes }), runtime) };
    });
  });

  it('sqlite', async () => {
    const folder = await temporaryFolder();
    const database = new DatabaseSync(folder.path('store.db'));
    await checkAgainstModel(150, () => {
      const runtime = manualRuntime();
      const store = sqliteStore({ database, runtime, maxResultBytes, synchronous: 'normal' });
      database.exec('DELETE FROM latchkey_records');
      return { runtime, faulty: faultyStore(withoutTransactions(store), runtime) };
    });
    database.close();
    await folder.remove();
  });
});

/** The same store for callers that know of no transactions. */
function withoutTransactions(store: Store<SqliteTransactions<DatabaseSync>>): Store<never> {
  const { transaction: _transaction, ...faulty } = faultyStore(store).store;
  return faulty;
}
