// Runs the adapter suite of every adapter on every store, or on those that are named, and prints the matrix:
// npm run conformance [-- STORE …]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterIn, cellOf, declaredResults, type Results, rowsIn, stores, tableOf } from './matrix.ts';

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

async function run(files: readonly string[]): Promise<Report> {
  const reports = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const output = join(reports, 'report.json');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${output}`];
  const vitest = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files, ...reporters], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    await once(vitest, 'exit');
    return JSON.parse(readFileSync(output, 'utf8')) as Report;
  } finally {
    rmSync(reports, { recursive: true });
  }
}

/**
 * The adapter and the store of a test. A suite of the memory and SQLite stores has the store in its name, any other in
 * its path; that of a store's second client runs on one adapter.
 */
function placeOf(file: string, titles: readonly string[]): readonly [adapter: string, store: string] {
  const suite = titles.find((title) => / × |, (?:memory|SQLite) store$/.test(title));
  const store = /, (memory|SQLite) store$/.exec(suite ?? '')?.[1]?.toLowerCase() ?? /stores\/(\w+)\//.exec(file)?.[1];
  return [suite === undefined ? 'node' : adapterIn(suite), store ?? ''];
}

function resultsIn({ testResults }: Report): Results {
  const results = new Map<string, 'passed' | 'failed'>();
  for (const { name, assertionResults } of testResults)
    for (const { ancestorTitles, title, status } of assertionResults) {
      const [adapter, store] = placeOf(name, ancestorTitles);
      for (const row of rowsIn(title)) {
        const cell = cellOf(adapter, store, row);
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
const table = tableOf(declaredResults(), resultsIn(await run(filesOf(selected))), selected);
process.stdout.write(`\nOn ${selected.join(', ')}:\n\n${table}\n`);
if (table.includes('FAILED')) process.exitCode = 1;
