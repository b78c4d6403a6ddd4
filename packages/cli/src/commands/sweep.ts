/**
 * `latchkey sweep`: removes expired records.
 *
 * @module
 */

import type { Command } from 'commander';
import type { OperatorStore } from 'latchkey/store';
import { isAllowed } from '../change.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import { addChangeOptions, addStoreOptions, type ChangeFlags, type StoreFlags } from '../options.ts';
import { withStore } from '../store.ts';
import { print, printJson } from '../terminal/print.ts';
import { Progress } from '../terminal/progress.ts';

const atOnce = 1_000;

type SweepFlags = StoreFlags & ChangeFlags;

/** Adds the command. */
export function addSweep(program: Command, invocation: Invocation): void {
  const command = program
    .command('sweep')
    .description('Remove expired records now. Guards do so by themselves, and Redis too.');
  addStoreOptions(addChangeOptions(command)).action(async (flags: SweepFlags) => {
    invocation.exitCode = await withStore(invocation, flags, ({ store }) => sweep(invocation, flags, store));
  });
}

async function sweep(invocation: Invocation, flags: SweepFlags, store: OperatorStore): Promise<ExitCode> {
  if (!(await isAllowed(invocation, flags, 'Remove all expired records?'))) return exitCodes.found;
  const swept = await sweepAll(invocation, store);
  if (flags.json === true) printJson(invocation, { swept });
  else print(invocation, [`Removed expired records: ${swept}`]);
  return exitCodes.done;
}

async function sweepAll({ stderr }: Invocation, store: OperatorStore): Promise<number> {
  const progress = new Progress(stderr, 'Removing expired records:');
  let swept = 0;
  try {
    for (;;) {
      const removed = await store.sweep(atOnce);
      swept += removed;
      if (removed < atOnce) return swept;
      progress.update(swept);
    }
  } finally {
    progress.end();
  }
}
