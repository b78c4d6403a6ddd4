// Checks one setting of the model with spin, which generates a checker in C that visits every state.

import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, Refusal } from '../prepare/process.mjs';
import { root } from '../prepare/root.mjs';

/**
 * @typedef {object} Setting
 * @property {boolean} rerun whether the route says `afterFailure: 'rerun'`
 * @property {number} attempts
 * @property {number} lease in ticks of the clock
 *
 * @typedef {object} Change one line of the model, replaced
 * @property {string} file
 * @property {string} from what is there exactly once
 * @property {string} to
 *
 * @typedef {object} CheckResult
 * @property {number} states
 * @property {number} depth
 * @property {string} [violated] the line that does not hold
 * @property {string} [story] what happened until then
 */

const model = join(root, 'model');
// Compressed states, and only safety properties, since the model has no others.
const compiling = ['-w', '-O1', '-DSAFETY', '-DCOLLAPSE', '-DNOFAIR', '-DMEMLIM=12000', '-o', 'pan', 'pan.c'];

/**
 * @param {Setting} setting
 * @param {Change} [change]
 * @returns {Promise<CheckResult>}
 */
export async function check(setting, change) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-model-'));
  try {
    for (const file of readdirSync(model)) copyFileSync(join(model, file), join(folder, file));
    if (change !== undefined) apply(folder, change);
    return await explore(folder, definesOf(setting));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {Setting} setting */
function definesOf({ rerun, attempts, lease }) {
  return [`-DRERUN=${rerun}`, `-DATTEMPTS=${attempts}`, `-DLEASE=${lease}`];
}

/**
 * @param {string} folder
 * @param {Change} change
 */
function apply(folder, { file, from, to }) {
  const path = join(folder, file);
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new Refusal(`${file} holds ${parts.length - 1} times, not once: ${from}`);
  writeFileSync(path, parts.join(to));
}

/**
 * @param {string} cwd
 * @param {readonly string[]} defines
 * @returns {Promise<CheckResult>}
 */
async function explore(cwd, defines) {
  await run('spin', [...defines, '-a', 'main.pml'], cwd);
  await run('gcc', compiling, cwd);
  const report = await run('./pan', ['-m1000000'], cwd);
  const states = numberIn(report, /(\S+) states, stored/);
  const depth = numberIn(report, /depth reached (\d+)/);
  if (existsSync(join(cwd, 'main.pml.trail'))) return { states, depth, ...(await tell(cwd, defines)) };
  // A search that ended early, because of memory or depth, is inconclusive.
  if (!/errors: 0/.test(report) || /not completed|max search depth/.test(report)) throw new Refusal(report);
  return { states, depth };
}

/**
 * @param {string} cwd
 * @param {readonly string[]} defines
 */
async function tell(cwd, defines) {
  const { output } = await capture('spin', [...defines, '-T', '-k', 'main.pml.trail', 'main.pml'], { cwd });
  const [, file, line] = /(\w+\.pml):(\d+), Error/.exec(output) ?? [];
  if (file === undefined) throw new Refusal(output);
  const text = readFileSync(join(cwd, file), 'utf8').split('\n')[Number(line) - 1];
  const story = output.split('\n').filter((told) => /^\s*(attempt \d|an operator|a\w* of attempt|a tick)/.test(told));
  return { violated: `${file}:${line} ${text?.trim()}`, story: story.join('\n') };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
async function run(command, args, cwd) {
  const { ok, output } = await capture(command, args, { cwd });
  if (!ok) throw new Refusal(`Failed: ${command} ${args.join(' ')}\n${output}`);
  return output;
}

/**
 * @param {string} report
 * @param {RegExp} pattern
 */
function numberIn(report, pattern) {
  return Number(pattern.exec(report)?.[1]);
}
