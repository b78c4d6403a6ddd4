/** A wall clock for servers that a test steps forward and back, without changing the machine's clock. */

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SteppedClock {
  /** The environment of a server with this clock. */
  readonly env: NodeJS.ProcessEnv;
  /** Steps it by this many milliseconds, forward or back. */
  step(ms: number): Promise<void>;
  remove(): Promise<void>;
}

const source = join(import.meta.dirname, 'stepped-clock.c');

function compile(library: string): void {
  try {
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error('The clock was not compiled; are Debian’s gcc and libc6-dev installed?', { cause });
  }
}

function numberOf(aheadMs: number): Uint8Array {
  return new Uint8Array(BigInt64Array.of(BigInt(aheadMs)).buffer);
}

export async function steppedClock(): Promise<SteppedClock> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-clock-'));
  const [library, file] = [join(folder, 'clock.so'), join(folder, 'ahead')];
  // PostgreSQL runs as another user.
  await chmod(folder, 0o755);
  await writeFile(file, numberOf(0), { mode: 0o644 });
  compile(library);
  let aheadMs = 0;
  return {
    env: { LD_PRELOAD: library, STEPPED_CLOCK: file },
    step: async (ms) => {
      aheadMs += ms;
      // Overwrites the file without truncating it, since the servers have it mapped.
      await writeFile(file, numberOf(aheadMs), { flag: 'r+' });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
