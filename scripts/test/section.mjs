// Runs one section of `npm test` in a separate process group with a time limit. When it returns, all processes of the
// section have ended, so that none keeps the output open.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { delimiter, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../prepare/root.mjs';
import { killAll, killIfThere, processesWith, sectionMark } from './processes.mjs';

/**
 * @typedef {object} Section
 * @property {string} title
 * @property {string} node the Node that runs it, which is also the first `node` in its PATH
 * @property {readonly string[]} args
 * @property {number} limitMinutes several times the duration on an idle machine; after it the section fails
 */

/** Time for a section to report its running tests before it is killed. */
const lastWordsMs = 2_000;

/** @type {readonly NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * @param {Section} section
 * @param {NodeJS.ProcessEnv} variables
 * @returns {Promise<boolean>}
 */
export async function runSection({ title, node, args, limitMinutes }, variables) {
  const mark = randomUUID();
  const PATH = [dirname(node), process.env['PATH']].join(delimiter);
  const env = { ...process.env, ...variables, PATH, [sectionMark]: mark };
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env, detached: true });
  const endGroup = () => {
    killAll(processesWith(sectionMark, mark));
    if (child.pid !== undefined) killIfThere(-child.pid);
  };
  const interrupted = () => {
    endGroup();
    process.exit(1);
  };
  for (const signal of signals) process.once(signal, interrupted);
  const timer = setTimeout(() => void stop(title, limitMinutes, child, mark).then(endGroup), limitMinutes * 60_000);
  try {
    const ok = await new Promise((resolve) => {
      child.on('error', () => resolve(false));
      child.on('exit', (code) => resolve(code === 0));
    });
    return endLeftovers(title, mark) && ok;
  } finally {
    clearTimeout(timer);
    endGroup();
    for (const signal of signals) process.off(signal, interrupted);
  }
}

/**
 * @param {string} title
 * @param {number} limitMinutes
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} mark
 */
async function stop(title, limitMinutes, child, mark) {
  process.stdout.write(`\n=== ${title} did not end within ${limitMinutes} minutes. It is stopped.\n`);
  child.kill('SIGUSR2');
  await pause(lastWordsMs);
  print('Processes that were running', processesWith(sectionMark, mark));
}

/**
 * @param {string} title
 * @param {string} mark
 * @returns {boolean} true if there were none
 */
function endLeftovers(title, mark) {
  const left = processesWith(sectionMark, mark);
  if (left.length === 0) return true;
  print(`${title} left these processes running, which counts as failed`, left);
  return false;
}

/**
 * @param {string} title
 * @param {readonly import('./processes.mjs').RunningProcess[]} processes
 */
function print(title, processes) {
  const lines = processes.map(({ pid, command }) => `  ${pid} ${command.slice(0, 200)}\n`);
  process.stdout.write(`${title}:\n${lines.join('')}`);
}
