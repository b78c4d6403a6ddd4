/**
 * The consent to a change: the question, and who and why.
 *
 * @module
 */

import type { Person } from 'latchkey/operator';
import { wrongUse } from './failure.ts';
import type { Invocation } from './invocation.ts';
import type { AuditedFlags, ChangeFlags } from './options.ts';
import { note } from './terminal/print.ts';
import { type Ask, converse, hasPerson } from './terminal/questions.ts';

const isYes = (answer: string | undefined): boolean => /^y(es)?$/i.test(answer?.trim() ?? '');

/**
 * Asks whether to make a change, unless `--yes` is given.
 *
 * @throws Failure if there is no terminal to ask on.
 */
export async function isAllowed(invocation: Invocation, flags: ChangeFlags, question: string): Promise<boolean> {
  if (flags.yes === true) return true;
  if (!hasPerson(invocation)) throw wrongUse('There is no terminal to ask on. To make the change, pass --yes.');
  return consented(invocation, await converse(invocation, (ask) => ask(`${question} [y/N] `)));
}

/**
 * Asks for who and why, as far as they are missing, and then whether to make the change. Undefined if the answer is no.
 *
 * @throws Failure if there is no terminal to ask on.
 */
export async function personAllowing(
  invocation: Invocation,
  flags: AuditedFlags,
  question: string,
): Promise<Person | undefined> {
  const { who = invocation.env['LATCHKEY_WHO'], why, yes } = flags;
  if (who !== undefined && why !== undefined && yes === true) return { who, why };
  if (!hasPerson(invocation))
    throw wrongUse('There is no terminal to ask on. To make the change, pass --who, --why and --yes.');
  return converse(invocation, async (ask) => {
    const person = { who: who ?? (await named(ask, 'Who decides')), why: why ?? (await named(ask, 'Why')) };
    return consented(invocation, yes === true ? 'y' : await ask(`${question} [y/N] `)) ? person : undefined;
  });
}

async function named(ask: Ask, question: string): Promise<string> {
  return (await ask(`${question}, for the audit: `)) ?? '';
}

function consented(invocation: Invocation, answer: string | undefined): boolean {
  if (isYes(answer)) return true;
  note(invocation, 'Nothing was changed.');
  return false;
}
