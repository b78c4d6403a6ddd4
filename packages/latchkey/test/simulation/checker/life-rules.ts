/** The life of a key: one operation until it is over, one payload, an end, and no endless runs. */

import type { Applied } from '../world/history.ts';
import { type At, type Execution, type Facts, isAccepted, isRemoval, type OperationFacts } from './facts.ts';

/** The time on the store's clock from which an operation may be removed; at once after `forget` or `erase`. */
function forgettableAtMs({ writes, claims }: OperationFacts, until: number): number {
  const before = writes.filter((write) => write.index < until && isAccepted(write));
  if (before.some(isRemoval)) return Number.NEGATIVE_INFINITY;
  const last = before.filter((write) => write.retentionMs !== undefined).at(-1);
  const heldSince = claims.filter(({ index }) => index < until).at(-1);
  if (last === undefined || (heldSince !== undefined && heldSince.index > last.index)) return Number.POSITIVE_INFINITY;
  // A repeated completion or release starts no new retention.
  const first = before.find((write) => write.retentionMs !== undefined && write.token === last.token) ?? last;
  return first.storeMs + (first.retentionMs ?? 0);
}

function isTooEarly(before: OperationFacts, next: At<Applied>): boolean {
  return next.storeMs < forgettableAtMs(before, next.index);
}

/** A clock that jumped ahead and back may have expired the record. */
function isExpiryKnown({ plan }: Facts): boolean {
  return plan.weather.storeClock !== 'wild' || plan.retentionMs > plan.horizonMs;
}

function byScope({ operations }: Facts): Map<string, OperationFacts[]> {
  const begun = operations.filter(({ scope, claims }) => scope !== undefined && claims.length > 0);
  const inOrder = begun.sort((a, b) => (a.claims[0]?.index ?? 0) - (b.claims[0]?.index ?? 0));
  return Map.groupBy(inOrder, ({ scope }) => scope ?? '');
}

/** Tolerance for a pending renewal, and for slow clocks. */
const runGrace = 1.05;
const runGraceMs = 20;

/** How long a handler ran without being aborted. */
function ranForMs({ began, ended, aborted }: Execution): number {
  return Math.min(ended?.atMs ?? Number.POSITIVE_INFINITY, aborted?.atMs ?? Number.POSITIVE_INFINITY) - began.atMs;
}

const ends = new Set(['release', 'abandon', 'complete', 'resolve', 'erase']);

/**
 * No worker runs on the claim, ends it, or takes it over. Not checked with duplicated or very late messages: a claim
 * that arrives after others have claimed and released the record holds it without a worker, since a record only
 * remembers its last token.
 */
function isLeftBehind({ executions, claims, writes }: OperationFacts, { token, index }: At<Applied>): boolean {
  const isEnded = writes.some((write) => write.token === token && write.index > index && ends.has(write.method));
  const isTaken = claims.some((claim) => claim.index > index && claim.token !== token);
  return !isEnded && !isTaken && !executions.some(({ began }) => began.token === token);
}

export const lifeRules = {
  'I2: one operation for a key': (facts: Facts) =>
    [...byScope(facts).values()].flatMap((operations) =>
      operations.slice(1).flatMap((operation, index) => {
        const before = operations[index];
        const [claim] = operation.claims;
        const isFine = before === undefined || claim === undefined || !isTooEarly(before, claim);
        return isFine || !isExpiryKnown(facts)
          ? []
          : [`operation ${operation.id} began while ${before.id} was still remembered`];
      }),
    ),

  'I5: one payload for an operation': ({ operations }: Facts) =>
    operations.flatMap(({ claims }) =>
      claims.slice(1).flatMap((claim, index) => {
        const before = claims[index];
        const mustMatch = claim.tookOver === true || (claim.steps ?? 0) > 0;
        const isFine = !mustMatch || before?.fingerprint === claim.fingerprint;
        return isFine ? [] : [`${claim.worker} went on under ${claim.token} with another payload`];
      }),
    ),

  'I6: every key comes to an end': (facts: Facts) => {
    const last = new Map(
      facts.answers
        .filter(({ request }) => facts.sent.get(request)?.final)
        .map((answer) => [`${answer.scope} ${answer.payload}`, answer]),
    );
    return [...last.values()]
      .filter(({ kind }) => !['replay', 'tombstone', 'mismatch', 'outcome-unknown'].includes(kind))
      .map(({ request, scope, kind }) => `request ${request} for ${scope} was told ${kind} in the end`);
  },

  'I6: a claim that is given up is given back': (facts: Facts) => {
    const dead = new Set(facts.events.flatMap((event) => (event.type === 'crashed' ? [event.who] : [])));
    return facts.plan.weather.late > 0 || facts.plan.weather.doubled > 0
      ? []
      : facts.operations.flatMap((operation) =>
          operation.claims
            .filter((claim) => !dead.has(claim.worker) && isLeftBehind(operation, claim))
            .map(({ worker, token }) => `${worker} left its claim ${token} of operation ${operation.id} behind`),
        );
  },

  'calm: one execution and an answer': (facts: Facts) =>
    facts.plan.weather.name !== 'calm'
      ? []
      : facts.operations
          .filter(({ executions }) => executions.length !== 1)
          .map(({ id, executions }) => `operation ${id} has ${executions.length} executions`),

  'I8: maxRunMs ends a run': (facts: Facts) => {
    const asleep = new Set(
      facts.events.flatMap((event) => (event.type === 'froze' || event.type === 'crashed' ? [event.who] : [])),
    );
    return facts.executions.flatMap((execution) => {
      const { worker, scope } = execution.began;
      const route = facts.plan.routes.find(({ name }) => scope.split('/')[1] === name);
      const mostMs = (route?.settings.maxRunMs ?? Number.POSITIVE_INFINITY) * runGrace + runGraceMs;
      return asleep.has(worker) || ranForMs(execution) <= mostMs
        ? []
        : [`execution ${execution.began.execution} ran on`];
    });
  },
};
