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
import { addStoreOptions, addStuckOptions, type StoreFlags, type StuckFlags, stuckSettings } from '../options.ts';
import { type OpenedStore, withStore } from '../store.ts';
import { print, printJson } from '../terminal/print.ts';
import { printable, styled } from '../terminal/text.ts';

/** Something that a person should look at. */
interface Finding {
  readonly code: string;
  readonly message: string;
  readonly server?: string;
}

const mostCounted = 1_000;

/** Adds the command. */
export function addDoctor(program: Command, invocation: Invocation): void {
  const command = program
    .command('doctor')
    .description('Check the store: its answer, its tables, its settings, and records that wait for a person.');
  addStoreOptions(addStuckOptions(command)).action(async (flags: StoreFlags & StuckFlags) => {
    const work = (opened: OpenedStore) => examine(invocation, flags, opened);
    invocation.exitCode = await withStore(invocation, flags, work, stuckSettings(flags));
  });
}

async function examine(invocation: Invocation, { json }: StoreFlags, opened: OpenedStore): Promise<ExitCode> {
  const { store, people } = opened;
  const findings: readonly Finding[] = [...(await settingsOf(store)), ...(await waitingIn(people))];
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
async function waitingIn(people: Operator): Promise<readonly Finding[]> {
  const { records, next } = await people.list({ state: 'lapsed', limit: mostCounted });
  const waiting = records.filter(({ policy, stuck }) => stuck || policy === 'refuse').length;
  if (waiting === 0 && next === undefined) return [];
  const number = next === undefined ? String(waiting) : `at least ${waiting}, of more than ${mostCounted} lapsed ones`;
  const message = `Lapsed records that wait for a decision: ${number}. To list them: latchkey list`;
  return [{ code: 'records-waiting', message }];
}
