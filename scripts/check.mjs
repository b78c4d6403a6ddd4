// All static checks of the code. Runs on the repository's own Node.

import { availableParallelism } from 'node:os';
import { capture, runScript, seconds } from './prepare/process.mjs';
import { node24, root } from './prepare/root.mjs';

/** @typedef {{ title: string, args: readonly string[] }} Step */

const tsc = 'node_modules/typescript/bin/tsc';

/** @type {Step[]} */
const steps = [
  ...[
    'packages/latchkey',
    'packages/latchkey/test',
    'packages/cli',
    'packages/cli/test',
    'scripts',
    'bench',
    'edges',
    'bundles/test',
    'site',
    'tools/nest',
    'tools/openapi',
    'tools/otel',
    'examples/nest',
    'examples/own-store',
    'examples/payments',
    'examples/quick-start',
  ].map(typesOf),
  { title: 'lint and format', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'] },
  { title: 'unused exports and dependencies', args: ['node_modules/knip/bin/knip.js', '--no-progress'] },
  { title: 'plain words', args: ['scripts/check/words.ts'] },
  { title: 'the package as published', args: ['scripts/check/package.ts'] },
];

/**
 * @param {string} folder
 * @returns {Step}
 */
function typesOf(folder) {
  return { title: `types of ${folder}`, args: [tsc, '--noEmit', '-p', folder] };
}

/** @param {Step} step */
async function runStep({ title, args }) {
  const start = performance.now();
  const { ok, output } = await capture(node24, args, { cwd: root });
  const outcome = ok ? 'ok    ' : 'FAILED';
  process.stdout.write(`${outcome} ${title} (${seconds(performance.now() - start)})\n${ok ? notesIn(output) : output}`);
  return ok;
}

/**
 * A step that succeeds may also have output to show.
 *
 * @param {string} output
 */
function notesIn(output) {
  return output.replaceAll(/^(?!note: ).*\n?/gm, '').replaceAll(/^note: /gm, '       ');
}

/**
 * @param {Step[]} queue
 * @returns {Promise<boolean>}
 */
async function work(queue) {
  let ok = true;
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) ok = (await runStep(step)) && ok;
  return ok;
}

await runScript(async () => {
  const queue = [...steps];
  const outcomes = await Promise.all(Array.from({ length: availableParallelism() }, () => work(queue)));
  return outcomes.every(Boolean) ? 0 : 1;
});
