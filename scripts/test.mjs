// Runs every test, section by section, and stops at the first section that fails.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { installProject } from './prepare/packages.mjs';
import { runScript, seconds } from './prepare/process.mjs';
import { ensurePrograms } from './prepare/programs.mjs';
import { node22, node24, root } from './prepare/root.mjs';
import { prepare } from './prepare.mjs';

/**
 * @typedef {object} Section
 * @property {string} title
 * @property {string} node which Node runs it; the first `node` in its PATH is the same one
 * @property {readonly string[]} args
 *
 * @typedef {{ passed: number, failed: number }} Count
 */

const reports = mkdtempSync(join(tmpdir(), 'latchkey-test-'));

/** What depends on a database server more than on the release of Node; these run on Node 24 alone. */
const withServers = [
  'stores/{redis,postgres,mariadb,dynamodb}',
  'processes',
  'orders',
  'outbox',
  'upgrade',
  'comparison',
];

/** @type {Section[]} */
const sections = [
  { title: 'Types, lint and package', node: node24, args: ['scripts/check.mjs'] },
  { title: 'Model of the protocol', node: node24, args: ['scripts/model.mjs', '--quick'] },
  vitest('Library on Node 24', node24, 'packages/'),
  vitest('Library on Node 22', node22, 'packages/', withServers),
  vitest('Edges', node24, 'edges/'),
  vitest('Examples', node24, 'examples/'),
];

/**
 * @param {string} title
 * @param {string} node
 * @param {string} folder
 * @param {readonly string[]} leftOut folders of tests
 * @returns {Section}
 */
function vitest(title, node, folder, leftOut = []) {
  const report = `--outputFile.json=${reportOf(title)}`;
  return {
    title,
    node,
    args: [
      ...['node_modules/vitest/vitest.mjs', 'run', folder, '--reporter=default', '--reporter=json', report],
      ...leftOut.map((left) => `--exclude=**/test/${left}/**`),
    ],
  };
}

/** @param {string} title */
function reportOf(title) {
  return join(reports, `${title}.json`);
}

/**
 * @param {Section} section
 * @param {string} chromium
 * @returns {Promise<boolean>}
 */
function runSection({ node, args }, chromium) {
  const PATH = [dirname(node), process.env['PATH']].join(delimiter);
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: { ...process.env, CHROMIUM: chromium, PATH } });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

/**
 * A section that failed without a failing test counts as one, so that the closing line never hides it. A skipped
 * test counts as failed: a part that is missing must show.
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
    const ok = await runSection(section, chromium);
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
  try {
    return await runAll();
  } finally {
    rmSync(reports, { recursive: true });
  }
});
