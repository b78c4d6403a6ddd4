// A setup file of Vitest. Its time limits grow with the load of the machine. When a test file has ended, the processes that it started end too, whether its tests passed,
// failed or ran out of time. A file that leaves some behind fails and names them.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, vi } from 'vitest';
import { patience } from '../../packages/latchkey/test/servers/patience.ts';
import { fileMark, killAll, processesWith } from './processes.mjs';

const limitMs = patience(120_000);
vi.setConfig({ testTimeout: limitMs, hookTimeout: limitMs });

const mark = randomUUID();
process.env[fileMark] = mark;

/** A child whose end was asked for may take a moment. */
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
