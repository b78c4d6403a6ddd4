/**
 * Compares a guarded application with the bare one.
 *
 * @module
 */

import { type Answer, headerOf } from '../client/answer.ts';
import type { Story } from '../world/plan.ts';
import { leaseMs, maxRunMs, waitMs } from '../world/world.ts';
import { compareAnswers } from './compare-answers.ts';
import { compareRuns } from './compare-runs.ts';
import type { Case, Difference, Rule } from './difference.ts';

/** Allowed store calls per request: a claim, a completion with repetitions, and polls of a waiting duplicate. */
const mostStoreCalls = 120;

/** All differences between the two, allowed or not. */
export function differencesIn(found: Case): Difference[] {
  return [
    ...firstAnswer(found),
    ...replays(found),
    ...compareRuns(found),
    ...effects(found),
    ...otherPayload(found),
    ...storedFirst(found),
    ...unguarded(found),
    ...held(found),
    ...strays(found),
    ...calls(found),
  ];
}

const status = (answer: Answer) => headerOf(answer, 'idempotency-status');

/** The operation's answer, as opposed to an error of the guard. */
function isOwn(answer: Answer): boolean {
  const mark = status(answer);
  return mark === undefined || mark === 'executed' || mark === 'replayed';
}

const isReplayed = (answer: Answer) => headerOf(answer, 'idempotent-replayed') !== undefined;
const isConflict = (answer: Answer) => status(answer)?.startsWith('in-progress') === true;

/** Their first client gets no answer to compare. */
const unseen: ReadonlySet<Story> = new Set([
  'leaves in the middle of its body',
  'leaves during the claim',
  'leaves while the handler works',
  'leaves while the answer is stored',
  'leaves after the head of the answer',
]);

function differs(rule: Rule, part: string, expected: unknown, found: unknown): Difference[] {
  return expected === found ? [] : [{ rule, part, expected: String(expected), found: String(found) }];
}

/** One of two concurrent requests may get in-progress. */
function firstAnswer({ plan, bare, guarded: { first, twin } }: Case): Difference[] {
  if (unseen.has(plan.story)) return [];
  const seen = twin !== undefined && isConflict(first) ? twin : first;
  return compareAnswers('the first answer equals the bare one', bare.first, seen);
}

/** The stored answer equals the first client's answer, or the one it would have got. */
function replays({ plan, guarded, reference }: Case): Difference[] {
  const { first, twin, retries, runsBeforeRetry } = guarded;
  const answers = [...(twin === undefined ? [] : [twin]), ...retries];
  const hasRun = runsBeforeRetry > 0 && first.complete && isOwn(first) && !isReplayed(first);
  const original = hasRun ? first : reference.first;
  return answers.flatMap((answer) => {
    // An application that closes the connection of one request also affects the next one on it.
    if (answer === twin && !answer.complete && plan.story === 'sends twice on one connection') return [];
    // An answer that the bare application aborted is not comparable with the handler's answer.
    if (isConflict(answer) || (!original.complete && isOwn(answer))) return [];
    return compareAnswers('a replay equals the first answer', original, answer, !hasRun || !isReplayed(answer));
  });
}

function effects({ plan, guarded }: Case): Difference[] {
  if (plan.afterFailure === 'rerun' || guarded.effects <= 1) return [];
  return differs('nothing runs twice', 'effects', 1, guarded.effects);
}

function otherPayload({ guarded: { other } }: Case): Difference[] {
  const isMixedUp = other !== undefined && isReplayed(other);
  return differs('another payload never gets this answer', 'replayed', false, isMixedUp);
}

function storedFirst({ guarded: { sentEarly } }: Case): Difference[] {
  return differs('an answer is stored before it is sent', 'sent early', false, sentEarly);
}

/** An undeclared route has no handler. */
function unguarded({ plan, guarded }: Case): Difference[] {
  if (plan.handler !== 'an unknown route') return [];
  const marks = guarded.retries.map((answer) => status(answer) ?? headerOf(answer, 'idempotent-replayed'));
  return differs('an unknown route is left alone', 'markers', '', marks.join(''));
}

function held({ plan, reference, guarded }: Case): Difference[] {
  const isSilent = reference.first.status === 0;
  // Each takeover reruns such a handler.
  if (isSilent && plan.afterFailure === 'rerun') return [];
  const mostMs = (isSilent ? maxRunMs : 0) + 2 * leaseMs + waitMs;
  if (guarded.heldMs <= mostMs) return [];
  return differs('nothing is in progress for longer than its lease', 'lease', `${mostMs} ms`, `${guarded.heldMs} ms`);
}

function strays({ bare, reference, guarded }: Case): Difference[] {
  const known = new Set([...bare.stray, ...reference.stray]);
  const found = guarded.stray.filter((error) => !known.has(error));
  return differs('nothing is left unhandled', 'process', '', found.join(' | '));
}

function calls({ reference, guarded }: Case): Difference[] {
  // The lease of a hanging handler is renewed until maxRunMs.
  if (guarded.storeCalls <= mostStoreCalls || reference.first.status === 0) return [];
  return differs('the store is asked a bounded number of times', 'calls', mostStoreCalls, guarded.storeCalls);
}
