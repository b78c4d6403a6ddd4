// Runs the adapter suite of every adapter on every store, or on those that are named, and prints the matrix:
// npm run conformance [-- STORE …]
// It belongs to this project since an application of Next is built for its column.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextStores } from '../../../packages/latchkey/test/adapters/apps/named-rows.ts';
import {
  adapterIn,
  cellOf,
  declaredResults,
  type Results,
  rowsIn,
  stores,
  tableOf,
} from '../../../packages/latchkey/test/conformance/matrix.ts';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

const folder = 'packages/latchkey/test';

function filesOf(selected: readonly string[]): string[] {
  const isLocal = selected.includes('memory') || selected.includes('sqlite');
  const ofServers = selected.map((store) => `${folder}/stores/${store}/*-adapter*.test.ts`);
  return globSync([...(isLocal ? [`${folder}/adapters/*.suite.test.ts`] : []), ...ofServers]);
}

async function run(...args: readonly string[]): Promise<Report> {
  const reports = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const output = join(reports, 'report.json');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${output}`];
  const vitest = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args, ...reporters], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    await once(vitest, 'exit');
    return JSON.parse(readFileSync(output, 'utf8')) as Report;
  } finally {
    rmSync(reports, { recursive: true });
  }
}

/** Runs the suite on a built application of Next. */
function runNext(selected: readonly string[]): Promise<Report> {
  const tested = selected.filter((store) => nextStores.includes(store));
  if (tested.length === 0) return Promise.resolve({ testResults: [] });
  return run('bundles/test/next.test.ts', `--testNamePattern=next × (?:${tested.join('|')}) `);
}

/**
 * The adapter and the store of a test. A suite of the memory and SQLite stores has the store in its name, any other in
 * its path, or as `next × redis`; that of a store's second client runs on one adapter.
 */
function placeOf(file: string, titles: readonly string[]): readonly [adapter: string, store: string] {
  const suite = titles.find((title) => / × |, (?:memory|SQLite) store$/.test(title));
  const store =
    /(?: × |, )(\w+)(?: store)?$/.exec(suite ?? '')?.[1]?.toLowerCase() ?? /stores\/(\w+)\//.exec(file)?.[1];
  return [suite === undefined ? 'node' : adapterIn(suite), store ?? ''];
}

function resultsIn({ testResults }: Report): Results {
  const results = new Map<string, 'passed' | 'failed'>();
  for (const { name, assertionResults } of testResults)
    for (const { ancestorTitles, title, status } of assertionResults) {
      const [adapter, store] = placeOf(name, ancestorTitles);
      for (const row of rowsIn(title)) {
        const cell = cellOf(adapter, store, row);
        // A pattern leaves out the suites of other stores.
        if (status === 'skipped' || status === 'pending') continue;
        if (status !== 'passed') results.set(cell, 'failed');
        else if (!results.has(cell)) results.set(cell, 'passed');
      }
    }
  return results;
}

const given = process.argv.slice(2);
const unknown = given.find((store) => stores[store] === undefined);
if (unknown !== undefined) {
  process.stderr.write(`A store must be one of ${Object.keys(stores).join(', ')}; got ${JSON.stringify(unknown)}.\n`);
  process.exit(1);
}
const selected = given.length > 0 ? given : Object.keys(stores);
const reports = [await run(...filesOf(selected)), await runNext(selected)];
const results = resultsIn({ testResults: reports.flatMap(({ testResults }) => testResults) });
const table = tableOf(declaredResults(), results, selected);
process.stdout.write(`\nOn ${selected.join(', ')}:\n\n${table}\n`);
if (table.includes('FAILED')) process.exitCode = 1;
