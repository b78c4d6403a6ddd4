/** Operations of dead workers are finished without their client, and none is begun without a request. */

import { endOfHelpers, type Facts, isAccepted, isRemoval, type OperationFacts } from './facts.ts';

/** In leases: more than the longest back-off, a poll of the store, and one run. */
const patience = 20;
const holds = new Set(['renew', 'begin', 'saveStep', 'commit-step', 'rollback', 'abandon']);

/** The events before that time; clients retry afterwards. */
function before(untilMs: number, { claims, writes, ...rest }: OperationFacts): OperationFacts {
  const isBefore = ({ atMs }: { readonly atMs: number }) => atMs < untilMs;
  return { ...rest, claims: claims.filter(isBefore), writes: writes.filter(isBefore) };
}

/** Whether a completer has the request and may rerun it. */
function isCompletable({ plan }: Facts, { claims }: OperationFacts): boolean {
  const last = claims.at(-1);
  const route = plan.routes.find(({ name }) => name === last?.name);
  return (
    route?.settings.afterFailure === 'rerun' &&
    (last?.attempt ?? 0) < route.settings.maxAttempts &&
    claims.every(
      ({ policy, tookOver, savesRequest }) => policy === 'rerun' && (tookOver === true || savesRequest === true),
    )
  );
}

/** The last claim was neither ended nor renewed for a long time. */
function isLeftAlone({ claims, writes }: OperationFacts, sinceMs: number): boolean {
  const last = claims.at(-1);
  if (last === undefined || last.atMs > sinceMs) return false;
  const after = writes.filter((write) => write.index > last.index && isAccepted(write));
  return after.every((write) => !isRemoval(write) && holds.has(write.method) && write.atMs < sinceMs);
}

export const completerRules = {
  'the completer begins nothing': ({ executions }: Facts) =>
    executions
      .filter(({ began, claim }) => began.byCompleter === true && claim?.tookOver !== true)
      .map(({ began }) => `execution ${began.execution} of the completer began on ${began.worker}`),

  'the completer finishes abandoned operations': (facts: Facts) => {
    const { plan, operations } = facts;
    // It uses workers' clocks, which are not corrected in worlds where the store's clock is completely wrong.
    if (!plan.hasCompleters || plan.weather.storeClock === 'wild') return [];
    const until = endOfHelpers(facts);
    const since = until - patience * plan.leaseMs;
    return operations
      .map((operation) => before(until, operation))
      .filter((operation) => isCompletable(facts, operation) && isLeftAlone(operation, since))
      .map(({ id }) => `operation ${id} was left lapsed`);
  },
};
