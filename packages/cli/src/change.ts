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

const conjunction = new Intl.ListFormat('en-GB');
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
  if (!hasPerson(invocation)) {
    const missing = [...(who === undefined ? ['--who'] : []), ...(why === undefined ? ['--why'] : [])];
    const options = conjunction.format(yes === true ? missing : [...missing, '--yes']);
    throw wrongUse(`There is no terminal to ask on. To make the change, pass ${options}.`);
  }
  return converse(invocation, async (ask) => {
    const person = await personNamed(ask, who, why);
    const answer = person !== undefined && yes !== true ? await ask(`${question} [y/N] `) : 'y';
    return consented(invocation, person && answer) ? person : undefined;
  });
}

/** Undefined if a question was not answered. */
async function personNamed(ask: Ask, who?: string, why?: string): Promise<Person | undefined> {
  const name = who ?? (await ask('Who decides, for the audit: '));
  const reason = name === undefined ? undefined : (why ?? (await ask('Why, for the audit: ')));
  return name === undefined || reason === undefined ? undefined : { who: name, why: reason };
}

function consented(invocation: Invocation, answer: string | undefined): boolean {
  if (isYes(answer)) return true;
  note(invocation, 'Nothing was changed.');
  return false;
}
