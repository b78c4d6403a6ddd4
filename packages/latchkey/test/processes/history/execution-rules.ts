/** I1, I4, I6, I7: executions and writes. */

import type { HandlerEvent, WriteEvent } from './events.ts';
import type { KeyHistory, OwnedClaim } from './key-history.ts';
import { leaseEnd } from './lease-end.ts';

/** The tolerance between clocks of a machine in milliseconds: stores use whole milliseconds, and clocks are slewed. */
const clockAllowanceMs = 5;

const isSameAttempt = (a: { operationId: string; attempt: number }, b: { operationId: string; attempt: number }) =>
  a.operationId === b.operationId && a.attempt === b.attempt;

/** A claim may have been repeated, which renewed its lease, so the last one counts. */
function claimOf({ claims }: KeyHistory, began: HandlerEvent): OwnedClaim | undefined {
  return claims.findLast(
    (claim) => claim.worker === began.worker && isSameAttempt(claim, began) && claim.at <= began.at,
  );
}

/** The time during which a handler held its lease. A dead or frozen worker holds its lease until its end. */
function heldSpan(history: KeyHistory, began: HandlerEvent) {
  const claim = claimOf(history, began);
  const ended = history.handlers.find(
    ({ type, worker, ...event }) => type === 'ended' && worker === began.worker && isSameAttempt(event, began),
  );
  const end = claim === undefined ? Infinity : leaseEnd(claim, history.steps);
  // The worker can't know that a clock step ended its lease before the claim's answer arrived.
  const isCut = claim !== undefined && end <= began.at && leaseEnd(claim, []) > began.at;
  return { from: began.at, to: Math.min(ended?.at ?? Infinity, end), isCut };
}

/**
 * Whether a write came from a token that no longer owned the record. A token owns the record again after a takeover if
 * it claimed again as a later attempt, since a claim that was answered after its lease is repeated.
 */
function isZombies({ claims }: KeyHistory, write: WriteEvent): boolean {
  const own = claims.filter(({ token, sentAt }) => token === write.token && sentAt < write.at);
  const ownAttempt = Math.max(...own.map(({ attempt }) => attempt));
  const operations = new Set(own.map(({ operationId }) => operationId));
  return claims.some(
    ({ token, attempt, operationId, at }) =>
      token !== write.token && attempt > ownAttempt && operations.has(operationId) && at < write.sentAt,
  );
}

function stepSavedAt({ claims }: KeyHistory): number {
  const writes = claims.flatMap((claim) => claim.writes);
  return Math.min(...writes.filter(({ method, accepted }) => method === 'saveStep' && accepted).map(({ at }) => at));
}

export const executionRules = {
  'I1: two executions under one lease': (history: KeyHistory) => {
    const spans = history.began.map((began) => heldSpan(history, began));
    const overlap = spans.find(
      ({ from, isCut }, index) => !isCut && spans.slice(0, index).some(({ to }) => to > from + clockAllowanceMs),
    );
    return overlap && `an execution began at ${overlap.from} while the lease of another held`;
  },

  'I4: a zombie wrote': (history: KeyHistory) => {
    const zombies = history.claims
      .flatMap(({ writes }) => writes)
      .find((write) => write.accepted && isZombies(history, write));
    return zombies && `${zombies.method} by a worker that was taken over before`;
  },

  'I6: refuse ran twice': ({ task, began }: KeyHistory) =>
    task.policy === 'refuse' && began.length > 1 ? `${began.length} executions` : undefined,

  'I6: an unknown outcome of what never ran': (history: KeyHistory) => {
    const died = history.processes.some(({ type }) => type !== 'continued');
    return history.began.length === 0 && !died && history.told.at(-1)?.code === 'outcome-unknown'
      ? 'no handler began, and no process died'
      : undefined;
  },

  'I6: a saved step ran again': (history: KeyHistory) => {
    if (history.task.doing !== 'step') return undefined;
    const savedAt = stepSavedAt(history);
    const again = history.handlers.find(
      (event) => event.type === 'effect' && (claimOf(history, event)?.sentAt ?? 0) > savedAt,
    );
    return again && `in attempt ${again.attempt}`;
  },

  'I7: ran without a claim': (history: KeyHistory) => {
    const unclaimed = history.began.find((began) => claimOf(history, began) === undefined);
    return unclaimed && `attempt ${unclaimed.attempt} in process ${unclaimed.worker}`;
  },

  'exactly once: another operation id': ({ began }: KeyHistory) => {
    const operations = new Set(began.map(({ operationId }) => operationId));
    return operations.size > 1 ? `${operations.size} operation ids: a record was forgotten` : undefined;
  },

  'undisturbed: not one execution': ({ task, undisturbed, began, handlers }: KeyHistory) => {
    // On a busy machine a transaction may get no connection or answer in time: the handler then had no effect, and
    // under `refuse` does not run again.
    const withoutEffect = handlers.filter(({ type }) => type === 'refused').length;
    const least = task.policy === 'refuse' && withoutEffect > 0 ? 0 : 1;
    const executions = began.length - withoutEffect;
    const isRight = executions >= least && executions <= 1;
    return undisturbed && !isRight ? `${began.length} executions, ${withoutEffect} without effect` : undefined;
  },
};
