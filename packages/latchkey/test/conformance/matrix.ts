/** The matrix of adapters, stores and rows: which tests exist, which passed, and why others are missing. */

import { type AdapterSuiteOptions, adapterSuite } from '../../src/testing/index.ts';
import { onEveryAdapter } from '../adapters/apps/every-adapter.ts';
import { localStores, nextRows, nextStores, onNamedRows } from '../adapters/apps/named-rows.ts';
import { elsewhere, inapplicable, rows } from './rows.ts';

/** The stores, and whether they have transactions. */
export const stores: Readonly<Record<string, boolean>> = {
  memory: false,
  sqlite: true,
  redis: false,
  postgres: true,
  mariadb: true,
  dynamodb: true,
};

/** The results of tests by adapter, store and row. */
export type Results = ReadonlyMap<string, 'passed' | 'failed'>;

/** The key of a result. */
export function cellOf(adapter: string, store: string, row: string): string {
  return `${adapter} × ${store} × ${row}`;
}

/** The rows in the name of a test. */
export function rowsIn(name: string): readonly string[] {
  return /^(?:R\d+ )+/.exec(name)?.[0].trim().split(' ') ?? [];
}

const notRun = () => {
  throw new Error('No test is run.');
};

/** Every test that exists, as passed: `npm test` runs them all. No test is run here. */
export function declaredResults(): Results {
  const results = new Map<string, 'passed'>();
  for (const [store, transactions] of Object.entries(stores)) {
    let adapter = '';
    const suite: Omit<AdapterSuiteOptions, 'start'> = {
      transactions,
      describe: (name, body) => {
        adapter = / × /.test(name) ? adapterIn(name) : adapter;
        body();
      },
      it: (name) => {
        for (const row of rowsIn(name)) results.set(cellOf(adapter, store, row), 'passed');
      },
      createStore: notRun,
    };
    onEveryAdapter(store, suite);
    // Its tests are those of an application that is built first: bundles/test/next.test.ts.
    if (nextStores.includes(store))
      suite.describe(`next × ${store}`, () => adapterSuite({ ...nextRows(store, suite), start: notRun }));
  }
  return results;
}

/** The adapter in the name of a suite: `fastify × redis`, or `express 5, no express.json(), memory store`. */
export function adapterIn(suite: string): string {
  return suite.split(/ × |,/)[0]?.toLowerCase() ?? '';
}

/** The adapters of some results. */
function adaptersIn(results: Results): readonly string[] {
  return [...new Set([...results.keys()].map((cell) => cell.split(' × ')[0] ?? ''))];
}

const transactionRows: ReadonlySet<string> = new Set(['R39', 'R40']);

/** Why there is no test of a row on an adapter and a store. */
function reasonFor(adapter: string, store: string, row: string): string {
  const { reason, test } = elsewhere[row] ?? {};
  if (reason !== undefined) return test === undefined ? reason : `${reason}: [test](../${test})`;
  const own = inapplicable[adapter]?.[row];
  if (own !== undefined) return own;
  if (stores[store] === false && transactionRows.has(row)) return 'not on memory and redis, which have no transactions';
  if (adapter === 'next' && !nextStores.includes(store))
    return 'not on mariadb and dynamodb: the guard is that of `latchkey/fetch`';
  if (onNamedRows.has(adapter) && !localStores.has(store))
    return 'on memory and sqlite; on other stores only rows that depend on the store as well';
  throw new Error(`${row} has no test on ${adapter} × ${store}, and no reason.`);
}

/**
 * The matrix as Markdown: a line per row, a column per adapter, and a list of the reasons for missing tests. `yes` means
 * that the row passed on every selected store that has it.
 *
 * @param declared - the tests that exist, which decide the columns.
 */
export function tableOf(
  declared: Results,
  results: Results = declared,
  selected: readonly string[] = Object.keys(stores),
): string {
  const reasons: string[] = [];
  const noteOf = (reason: string) => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return `(${reasons.indexOf(reason) + 1})`;
  };
  const shown = (adapter: string, row: string): string => {
    const cells = selected.map((store) => ({ store, cell: cellOf(adapter, store, row) }));
    const existing = cells.filter(({ cell }) => declared.has(cell));
    // A test that exists and was not run counts as failed.
    const failed = existing.filter(({ cell }) => results.get(cell) !== 'passed').map(({ store }) => store);
    if (failed.length > 0) return `FAILED on ${failed.join(', ')}`;
    const missing = cells.filter(({ cell }) => !declared.has(cell));
    const notes = missing.map(({ store }) => noteOf(reasonFor(adapter, store, row)));
    return [...(existing.length > 0 ? ['yes'] : []), ...new Set(notes)].join(' ');
  };
  const adapters = adaptersIn(declared);
  const lines = Object.entries(rows).map(
    ([row, title]) => `| ${row} | ${title} | ${adapters.map((adapter) => shown(adapter, row)).join(' | ')} |`,
  );
  const head = [`| row | | ${adapters.join(' | ')} |`, `|---|---|${'---|'.repeat(adapters.length)}`];
  return [...head, ...lines, '', ...reasons.map((reason, index) => `${index + 1}. ${reason}`)].join('\n');
}
