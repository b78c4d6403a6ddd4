// Runs every test, section by section, and stops at the first section that fails.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installProject } from './prepare/packages.mjs';
import { runScript, seconds } from './prepare/process.mjs';
import { ensurePrograms } from './prepare/programs.mjs';
import { node22, node24 } from './prepare/root.mjs';
import { prepare } from './prepare.mjs';
import { runSection } from './test/section.mjs';

/**
 * @typedef {import('./test/section.mjs').Section} Section
 * @typedef {{ passed: number, failed: number }} Count
 */

const reports = mkdtempSync(join(tmpdir(), 'latchkey-test-'));

/**
 * Tests that depend more on a database server, on other programs, or on the library's own logic, than on the Node
 * release; they only run on Node 24.
 */
const onNode24Only = [
  'stores/{redis,postgres,mariadb,dynamodb,store-from-url}',
  'processes',
  'orders',
  'operator',
  'outbox',
  'simulation',
  'upgrade',
  'comparison',
  'graded',
];

/** @type {Section[]} */
const sections = [
  { title: 'Types, lint and package', node: node24, args: ['scripts/check.mjs'], limitMinutes: 5 },
  { title: 'Spread of the code', node: node24, args: ['--no-warnings', 'scripts/house/main.ts'], limitMinutes: 3 },
  { title: 'Model of the protocol', node: node24, args: ['scripts/model.mjs', '--quick'], limitMinutes: 5 },
  vitest('Library on Node 24', node24, 'packages/', 35),
  vitest('Library on Node 22', node22, 'packages/', 10, onNode24Only),
  vitest('Edges', node24, 'edges/', 10),
  vitest('Bundles', node24, 'bundles/test/', 15),
  vitest('Nest 11 and 12', node24, 'tools/nest/', 5),
  vitest('OpenAPI document and its clients', node24, 'tools/openapi/', 5),
  vitest('OpenTelemetry 1 and 3', node24, 'tools/otel/', 5),
  vitest('Examples', node24, 'examples/', 10),
  vitest('Site', node24, 'site/', 10),
];

/**
 * @param {string} title
 * @param {string} node
 * @param {string} folder
 * @param {number} limitMinutes
 * @param {readonly string[]} leftOut folders of tests
 * @returns {Section}
 */
function vitest(title, node, folder, limitMinutes, leftOut = []) {
  const report = `--outputFile.json=${reportOf(title)}`;
  return {
    title,
    node,
    limitMinutes,
    args: [
      ...['node_modules/vitest/vitest.mjs', 'run', folder, '--reporter=default', '--reporter=json', report],
      '--reporter=./scripts/test/under-way.mjs',
      ...leftOut.map((left) => `--exclude=**/test/${left}/**`),
    ],
  };
}

/** @param {string} title */
function reportOf(title) {
  return join(reports, `${title}.json`);
}

/**
 * A section that failed without a failing test counts as one failure, so that the summary shows it. A skipped test
 * counts as failed.
 *
 * @param {Section} section
 * @param {boolean} ok
 * @returns {Count}
 */
function countOf({ title }, ok) {
  const { passed, failed } = readReport(title);
  return { passed, failed: ok ? failed : Math.max(1, failed) };
}

/**
 * @param {string} title
 * @returns {Count}
 */
function readReport(title) {
  const file = reportOf(title);
  if (!existsSync(file)) return { passed: 0, failed: 0 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) print(`${title}: ${skipped} tests were skipped, which counts as failed`);
  return { passed: report.numPassedTests, failed: report.numFailedTests + skipped };
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`\n=== ${text}\n`);
}

async function runAll() {
  const { chromium } = await ensurePrograms();
  const total = { passed: 0, failed: 0 };
  for (const section of sections) {
    const start = performance.now();
    print(section.title);
    const ok = await runSection(section, { CHROMIUM: chromium });
    const { passed, failed } = countOf(section, ok);
    total.passed += passed;
    total.failed += failed;
    print(`${section.title}: ${failed === 0 ? 'passed' : 'FAILED'} (${seconds(performance.now() - start)})`);
    if (failed > 0) break;
  }
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

await runScript(async () => {
  await prepare();
  await installProject('edges');
  await installProject('bundles');
  await installProject('tools/nest11');
  await installProject('tools/nest12');
  await installProject('tools/openapi');
  await installProject('tools/otel1');
  await installProject('tools/otel3');
  await installProject('bundles/next15');
  await installProject('site');
  try {
    return await runAll();
  } finally {
    rmSync(reports, { recursive: true });
  }
});
