/** Exactly once: transactions and steps, and the keys that steps send downstream. */

import type { Applied } from '../world/history.ts';
import type { RoutePlan } from '../world/plan.ts';
import { bodyOf } from './answer-rules.ts';
import { type Facts, isAccepted, type OperationFacts } from './facts.ts';

function routeOf({ plan }: Facts, { scope }: OperationFacts): RoutePlan | undefined {
  return plan.routes.find(({ name }) => scope?.split('/')[1] === name);
}

function namesOf(route: RoutePlan | undefined, wanted: 'transaction' | 'step'): string[] {
  return (route?.actions ?? []).flatMap((action) => {
    if (action.kind === 'finish') return wanted === 'transaction' ? ['finish'] : [];
    if (action.kind === 'beside') return [action[wanted]];
    if (action.kind === 'steps') return wanted === 'step' ? action.names : [];
    return action.kind === wanted ? [action.name] : [];
  });
}

/** Operations whose handler completed and whose answer is stored. */
function done(facts: Facts): OperationFacts[] {
  return facts.operations.filter(({ stored }) => stored !== undefined && bodyOf(stored)?.outcome === 'done');
}

function counted<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return counts;
}

export const effectRules = {
  'exactly once: a transaction': (facts: Facts) =>
    facts.operations.flatMap(({ id, rows }) =>
      [...counted(rows, ({ name }) => name)]
        .filter(([, times]) => times > 1)
        .map(([name, times]) => `${name} of operation ${id} was committed ${times} times`),
    ),

  'exactly once: an answer has its transactions': (facts: Facts) =>
    done(facts).flatMap((operation) => {
      const missing = namesOf(routeOf(facts, operation), 'transaction').filter(
        (name) => !operation.rows.some((row) => row.name === name),
      );
      return missing.map((name) => `operation ${operation.id} is done without ${name}`);
    }),

  'exactly once: the row of finish is the answer’s': (facts: Facts) =>
    done(facts).flatMap(({ id, rows, stored }) => {
      const row = rows.find(({ name }) => name === 'finish');
      const execution = stored && bodyOf(stored)?.execution;
      return row === undefined || row.execution === execution
        ? []
        : [`operation ${id} has the row of ${row.execution}`];
    }),

  'exactly once: a step under one key': (facts: Facts) =>
    facts.operations.flatMap(({ id, charges }) =>
      [...Map.groupBy(charges, ({ name }) => name)]
        .filter(([, calls]) => new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size > 1)
        .map(([name]) => `${name} of operation ${id} was sent under several keys`),
    ),

  'exactly once: a key for one step': (facts: Facts) => {
    const charges = facts.operations.flatMap((operation) => operation.charges);
    return [...Map.groupBy(charges, ({ idempotencyKey }) => idempotencyKey)]
      .filter(([, calls]) => new Set(calls.map(({ operationId, name }) => `${operationId} ${name}`)).size > 1)
      .map(([key]) => `the key ${key} was sent for several steps`);
  },

  'exactly once: a charge at an honest provider': (facts: Facts) =>
    facts.plan.provider !== 'honest'
      ? []
      : done(facts).flatMap((operation) =>
          namesOf(routeOf(facts, operation), 'step').flatMap((name) => {
            const made = operation.charges.filter((charge) => charge.name === name && charge.isNew);
            return made.length === 1 ? [] : [`${name} of operation ${operation.id} was charged ${made.length} times`];
          }),
        ),

  'exactly once: one value': (facts: Facts) =>
    facts.operations.flatMap(({ id, returned }) =>
      [...Map.groupBy(returned, ({ name }) => name)]
        .filter(([, values]) => new Set(values.map(({ value }) => value)).size > 1)
        .map(([name]) => `${name} of operation ${id} had several values`),
    ),

  'a recovery point is saved before it is passed': (facts: Facts) =>
    facts.operations.flatMap(({ id, writes, returned }) =>
      returned.flatMap(({ name, execution, index }) => {
        const isSaved = writes.some((write) => write.index < index && savesStep(write, name));
        return isSaved ? [] : [`execution ${execution} passed ${name} of operation ${id} unsaved`];
      }),
    ),

  'recovery points hold': (facts: Facts) =>
    facts.operations.flatMap(({ id, writes, ran, executions }) =>
      ran.flatMap(({ name, execution }) => {
        const saved = writes.find((write) => savesStep(write, name));
        const claim = executions.find(({ began }) => began.execution === execution)?.claim;
        const isAgain = saved !== undefined && claim !== undefined && claim.index > saved.index;
        return isAgain ? [`execution ${execution} ran ${name} of operation ${id} again`] : [];
      }),
    ),
};

function savesStep(write: Applied, name: string): boolean {
  const isStep = write.method === 'saveStep' || write.method === 'commit-step';
  return isStep && write.name === name && isAccepted(write);
}
