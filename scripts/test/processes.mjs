// Finds processes by a mark in their environment, which children inherit, whatever their process group and however
// their parent ended.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ pid: number, command: string }} RunningProcess
 */

/**
 * The variable that names the test file of a process. Its value is unique to a run.
 */
export const fileMark = 'LATCHKEY_TEST_FILE';

/** The variable that names the section of `npm test` of a process. */
export const sectionMark = 'LATCHKEY_TEST_SECTION';

/**
 * @param {string} path
 * @returns {string} empty if the process has ended or belongs to another user
 */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/**
 * All processes that have the variable with this value, except this one. Empty on systems without /proc.
 *
 * @param {string} variable
 * @param {string} value
 * @returns {RunningProcess[]}
 */
export function processesWith(variable, value) {
  const entry = `${variable}=${value}`;
  return pids()
    .filter((pid) => pid !== process.pid && read(`/proc/${pid}/environ`).split('\0').includes(entry))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim() }))
    .filter(({ command }) => command !== '');
}

function pids() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** @param {readonly RunningProcess[]} processes */
export function killAll(processes) {
  for (const { pid } of processes) killIfThere(pid);
}

/** @param {number} pid of a process, or the negative one of a process group */
export function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}
