// A setup file of Vitest. Time limits grow with the load of the machine. When a test file has ended, the processes that
// it started are ended too. A file that leaves processes behind fails and names them.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, vi } from 'vitest';
import { patience } from '../../packages/latchkey/test/servers/patience.ts';
import { fileMark, killAll, processesWith } from './processes.mjs';

const limitMs = patience(120_000);
vi.setConfig({ testTimeout: limitMs, hookTimeout: limitMs });

const mark = randomUUID();
process.env[fileMark] = mark;

/** Time for a child process to end. */
const graceMs = 2_000;

async function leftovers() {
  const giveUpAt = Date.now() + graceMs;
  for (;;) {
    const found = processesWith(fileMark, mark);
    if (found.length === 0 || Date.now() > giveUpAt) return found;
    await pause(50);
  }
}

afterAll(async () => {
  const found = await leftovers();
  killAll(found);
  if (found.length === 0) return;
  const commands = found.map(({ pid, command }) => `  ${pid} ${command.slice(0, 200)}`).join('\n');
  throw new Error(`These processes were still running when the file's tests had ended. They were killed:\n${commands}`);
});
