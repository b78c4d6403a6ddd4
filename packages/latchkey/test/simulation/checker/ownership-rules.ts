/** I4, I6 and I7: writes by owners, reruns, and no execution without a claim. */

import type { Applied } from '../world/history.ts';
import { bodyOf } from './answer-rules.ts';
import { type At, type Execution, type Facts, isAccepted, isClaimed, type OperationFacts, ownerKey } from './facts.ts';

const endsOwnership = new Set(['release', 'resolve', 'erase']);

/** The calls of one record, in order. */
function byRecord({ operations }: Facts): Map<string, At<Applied>[]> {
  const calls = operations.flatMap(({ claims, writes }) => [...claims, ...writes]);
  return Map.groupBy(
    calls.sort((a, b) => a.index - b.index),
    ({ record }) => record,
  );
}

/** Repetitions: a completion or release by the last owner, answered as before. */
function isRepeat(call: Applied, last: Applied | undefined): boolean {
  if (last === undefined || ownerKey(call) !== ownerKey(last) || call.method === 'resolve') return false;
  if (last.method === 'erase') return false;
  return call.method === last.method || (call.method === 'release' && last.name === 'rerun');
}

function zombies(calls: readonly At<Applied>[]): string[] {
  const found: string[] = [];
  let owner: string | undefined;
  let settled: Applied | undefined;
  for (const call of calls) {
    if (isClaimed(call)) {
      owner = call.token;
      settled = undefined;
    } else if (isAccepted(call) && call.method !== 'rollback') {
      const mayWrite = call.method === 'erase' || call.token === owner || isRepeat(call, settled);
      if (!mayWrite)
        found.push(`${call.method} of ${call.worker} under ${call.token} was accepted, whose record it was no more`);
      if (endsOwnership.has(call.method)) owner = undefined;
      if (endsOwnership.has(call.method) || call.method === 'complete') settled = call;
    }
  }
  return found;
}

/** The reason why a record of `refuse` could run again. */
function isPermitted({ writes, recoveries }: OperationFacts, execution: Execution, before: Execution): boolean {
  const since = before.began.index;
  const until = execution.began.index;
  const isBetween = ({ index }: { readonly index: number }) => index > since && index < until;
  if (recoveries.filter(isBetween).some(({ decision }) => decision === 'rerun')) return true;
  if (execution.claim?.tookOver === true) return false;
  const freed = writes.filter(isBetween).filter(isAccepted);
  return freed.some((write) => write.method === 'release' || (write.method === 'resolve' && write.name === 'rerun'));
}

function executionOf({ executions }: OperationFacts, token: string): Execution | undefined {
  return executions.find(({ began }) => began.token === token);
}

export const ownershipRules = {
  'I4: zombies are fenced': (facts: Facts) => [...byRecord(facts).values()].flatMap(zombies),

  'I4: nothing is stored for a zombie': (facts: Facts) =>
    facts.answers.flatMap(({ request, kind, recorded, ...answer }) => {
      const body = bodyOf(answer);
      if (kind !== 'executed' || (recorded !== 'stored' && recorded !== 'tombstone')) return [];
      // A framework's answer for a throw does not contain an execution.
      if (typeof body?.execution !== 'number') return [];
      const operation = facts.operations.find(({ id }) => id === body.operationId);
      const isOwn = operation?.stored?.token === executionToken(operation, body.execution);
      return isOwn ? [] : [`request ${request} took another worker's answer for its own`];
    }),

  'I6: refuse runs once': ({ operations }: Facts) =>
    operations
      .filter(({ policy }) => policy === 'refuse')
      .flatMap((operation) =>
        operation.executions.slice(1).flatMap((execution, index) => {
          const before = operation.executions[index];
          const isFine = before === undefined || isPermitted(operation, execution, before);
          return isFine ? [] : [`execution ${execution.began.execution} ran again what must not`];
        }),
      ),

  'I6: refuse is not released after a failure': ({ operations }: Facts) =>
    operations
      .filter(({ policy }) => policy === 'refuse')
      .flatMap((operation) =>
        operation.writes
          .filter((write) => write.method === 'release' && isAccepted(write))
          .flatMap(({ token }) => {
            const execution = executionOf(operation, token);
            const isFine = execution === undefined || execution.ended?.how === 'nothing-happened';
            return isFine
              ? []
              : [`execution ${execution.began.execution} was released, though it may have had effects`];
          }),
      ),

  'I6: maxAttempts ends it': ({ operations }: Facts) =>
    operations.flatMap(({ claims, id }) =>
      claims
        .filter(({ tookOver, takeover, attempt = 0, maxAttempts = 0 }) => {
          return tookOver === true && takeover === 'rerun' && attempt > maxAttempts;
        })
        .map(({ attempt }) => `operation ${id} was taken over for attempt ${attempt}`),
    ),

  'erase leaves nothing': ({ operations, answers, sent }: Facts) =>
    operations.flatMap(({ id, writes, claims }) => {
      const erased = writes.find(({ method }) => method === 'erase')?.index ?? Number.POSITIVE_INFINITY;
      // A claim that was repeated because its answer was lost counts as new.
      if (claims.some(({ index }) => index > erased)) return [];
      return answers
        .filter(({ kind, request }) => kind === 'replay' && (sent.get(request)?.index ?? 0) > erased)
        .filter((answer) => bodyOf(answer)?.operationId === id)
        .map(({ request }) => `request ${request} was told the answer of ${id}, which was erased`);
    }),

  'I7: no run without a claim': ({ executions }: Facts) =>
    executions
      .filter(({ claim }) => claim === undefined)
      .map(({ began }) => `execution ${began.execution} has no claim`),
};

function executionToken(operation: OperationFacts | undefined, execution: number): string | undefined {
  return operation?.executions.find(({ began }) => began.execution === execution)?.began.token;
}
