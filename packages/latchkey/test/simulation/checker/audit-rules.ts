/** A `recover` hook's decision is recorded before it is carried out. */

import type { Recovered } from '../world/history.ts';
import { bodyOf } from './answer-rules.ts';
import { type At, type Facts, isAccepted, type OperationFacts, storesAnswer } from './facts.ts';

/** The record's own list, and the log. */
const lists = 2;

/** The time of the decision's first effect: the hook's answer, or the start of the handler. */
function carriedOutAt({ writes, executions }: OperationFacts, recovered: At<Recovered>): number | undefined {
  const { decision, worker, attempt, index } = recovered;
  if (decision === 'respond') {
    const made = `${worker} at ${attempt}`;
    return writes.find((write) => storesAnswer(write) && isAccepted(write) && bodyOf(write)?.execution === made)?.index;
  }
  return executions.find(({ began }) => began.attempt === attempt && began.index > index)?.began.index;
}

export const auditRules = {
  'a hook’s decision is written down before it is carried out': ({ operations, audited }: Facts) =>
    operations.flatMap((operation) =>
      operation.recoveries
        .filter(({ decision }) => decision !== 'leave')
        .flatMap((recovered) => {
          const { attempt, decision } = recovered;
          const at = carriedOutAt(operation, recovered) ?? Number.NEGATIVE_INFINITY;
          const lines = audited.filter(
            (line) => line.what === 'decided' && line.operationId === operation.id && line.attempt === attempt,
          );
          const before = lines.filter((line) => line.kind === decision && line.index < at).length;
          const isFine = at === Number.NEGATIVE_INFINITY || before >= lists;
          return isFine ? [] : [`${decision} at attempt ${attempt} of operation ${operation.id} has ${before} lines`];
        }),
    ),
};
