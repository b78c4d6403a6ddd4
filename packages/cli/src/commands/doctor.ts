/**
 * `latchkey doctor`: what is wrong with a store, and which records wait for a person.
 *
 * @module
 */

import type { Command } from 'commander';
import type { Operator } from 'latchkey/operator';
import type { RedisStore } from 'latchkey/redis';
import type { OperatorStore } from 'latchkey/store';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import { addStoreOptions, addStuckOption, type StoreFlags, type StuckFlags, stuckSettings } from '../options.ts';
import { type OpenedStore, withStore } from '../store.ts';
import { print, printJson } from '../terminal/print.ts';
import { Progress } from '../terminal/progress.ts';
import { printable, styled } from '../terminal/text.ts';

/** Something that a person should look at. */
interface Finding {
  readonly code: string;
  readonly message: string;
  readonly server?: string;
}

const atOnce = 1_000;

type DoctorFlags = StoreFlags & StuckFlags;

/** Adds the command. */
export function addDoctor(program: Command, invocation: Invocation): void {
  const command = program
    .command('doctor')
    .description('Check the store: its answer, its tables, its settings, and records that wait for a person.');
  addStoreOptions(addStuckOption(command)).action(async (flags: DoctorFlags) => {
    const work = (opened: OpenedStore) => examine(invocation, flags, opened);
    invocation.exitCode = await withStore(invocation, flags, work, stuckSettings(flags));
  });
}

async function examine(invocation: Invocation, { json }: StoreFlags, opened: OpenedStore): Promise<ExitCode> {
  const { store, people } = opened;
  const findings: readonly Finding[] = [...(await settingsOf(store)), ...(await waitingIn(invocation, people))];
  if (json === true) printJson(invocation, { store: store.name, findings });
  else
    print(invocation, [
      `${styled(invocation.stdout, 'green', 'ok')}  ${store.name} answers`,
      ...linesOf(invocation, findings),
    ]);
  return findings.length === 0 ? exitCodes.done : exitCodes.found;
}

function linesOf({ stdout }: Invocation, findings: readonly Finding[]): string[] {
  return findings.map(({ code, message, server }) => {
    const where = server === undefined ? '' : ` (${server})`;
    return `${styled(stdout, 'yellow', '!!')}  ${code}: ${printable(message)}${where}`;
  });
}

async function settingsOf(store: OperatorStore): Promise<readonly Finding[]> {
  return isRedis(store) ? store.doctor() : [];
}

function isRedis(store: OperatorStore): store is RedisStore {
  return 'doctor' in store;
}

/** Under `rerun`, a retry takes a lapsed record over until it is stuck. */
async function waitingIn({ stderr }: Invocation, people: Operator): Promise<readonly Finding[]> {
  const progress = new Progress(stderr, 'Reading lapsed records:');
  let [waiting, read] = [0, 0];
  let cursor: string | undefined;
  try {
    do {
      const page = await people.list({ state: 'lapsed', limit: atOnce, ...(cursor !== undefined && { cursor }) });
      waiting += page.records.filter(({ policy, stuck }) => stuck || policy === 'refuse').length;
      read += page.records.length;
      cursor = page.next;
      progress.update(read);
    } while (cursor !== undefined);
  } finally {
    progress.end();
  }
  if (waiting === 0) return [];
  const message = `Lapsed records that wait for a decision: ${waiting}. To list them: latchkey list`;
  return [{ code: 'records-waiting', message }];
}
