/** What a dead worker left is finished without its client, and nothing is begun that nobody asked for. */

import { endOfHelpers, type Facts, isAccepted, isRemoval, type OperationFacts } from './facts.ts';

/** In leases: more than the longest back-off between two tries, a look at the store, and the try. */
const patience = 20;
const holds = new Set(['renew', 'begin', 'saveStep', 'commit-step', 'rollback', 'abandon']);

/** What had happened by then; clients come back afterwards. */
function before(untilMs: number, { claims, writes, ...rest }: OperationFacts): OperationFacts {
  const isBefore = ({ atMs }: { readonly atMs: number }) => atMs < untilMs;
  return { ...rest, claims: claims.filter(isBefore), writes: writes.filter(isBefore) };
}

/** Whether a completer knows what was asked, and may run it again. */
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

/** Nobody has ended the last claim, nor given a sign of life for long. */
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

  'the completer finishes what was left': (facts: Facts) => {
    const { plan, operations } = facts;
    // It judges by clocks of its own, which nobody sets right where the store's is wrong beyond all measure.
    if (!plan.hasCompleters || plan.weather.storeClock === 'wild') return [];
    const until = endOfHelpers(facts);
    const since = until - patience * plan.leaseMs;
    return operations
      .map((operation) => before(until, operation))
      .filter((operation) => isCompletable(facts, operation) && isLeftAlone(operation, since))
      .map(({ id }) => `operation ${id} was left lapsed`);
  },
};
