/**
 * `latchkey erase`: removes a principal's records.
 *
 * @module
 */

import type { Command } from 'commander';
import { personAllowing } from '../change.ts';
import { wrongUse } from '../failure.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import {
  type AuditedFlags,
  addAuditedOptions,
  addPrincipalOptions,
  addStoreOptions,
  auditSettings,
  type PrincipalFlags,
  principalDigestIn,
  type StoreFlags,
} from '../options.ts';
import { type OpenedStore, withStore } from '../store.ts';
import { print, printJson } from '../terminal/print.ts';

type EraseFlags = StoreFlags & PrincipalFlags & AuditedFlags;

const question = 'Remove all records of this principal, so that their keys are new?';

/** Adds the command. */
export function addErase(program: Command, invocation: Invocation): void {
  const command = program
    .command('erase')
    .description('Remove all records of a principal, including running ones. The audit stays.');
  addStoreOptions(addAuditedOptions(addPrincipalOptions(command))).action(async (flags: EraseFlags) => {
    invocation.exitCode = await erase(invocation, flags);
  });
}

async function erase(invocation: Invocation, flags: EraseFlags): Promise<ExitCode> {
  const principal = await principalDigestIn(invocation, flags);
  if (principal === undefined) throw wrongUse('Pass --principal or --authorization.');
  const work = (opened: OpenedStore) => eraseIn(invocation, flags, opened, principal);
  return withStore(invocation, flags, work, auditSettings(flags));
}

async function eraseIn(
  invocation: Invocation,
  flags: EraseFlags,
  { people }: OpenedStore,
  principal: string,
): Promise<ExitCode> {
  const person = await personAllowing(invocation, flags, question);
  if (person === undefined) return exitCodes.found;
  const erased = await people.erase(principal, person);
  if (flags.json === true) printJson(invocation, { principal, erased });
  else print(invocation, [`Removed records of the principal: ${erased}`]);
  return exitCodes.done;
}
