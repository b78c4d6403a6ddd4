/** Groups a run's events by key. */

import type {
  AnswerBody,
  ClaimedEvent,
  HandlerEvent,
  ProcessEvent,
  Run,
  RunEvent,
  SteppedEvent,
  Task,
  ToldEvent,
  WriteEvent,
} from './events.ts';

/** One won claim with its owner's writes. */
export interface OwnedClaim extends ClaimedEvent {
  readonly writes: readonly WriteEvent[];
}

/** All events of one key. */
export interface KeyHistory {
  readonly task: Task;
  readonly claims: readonly OwnedClaim[];
  readonly handlers: readonly HandlerEvent[];
  readonly began: readonly HandlerEvent[];
  readonly told: readonly ToldEvent[];
  /** The time at which the answer was known to be stored. */
  readonly storedAt: number;
  /** The runs with rows in the database. */
  readonly effects: readonly string[];
  /** The events of processes; the same for all keys. */
  readonly processes: readonly ProcessEvent[];
  /** The store's clock steps; the same for all keys. */
  readonly steps: readonly SteppedEvent[];
  readonly undisturbed: boolean;
}

export function historiesOf(run: Run): readonly KeyHistory[] {
  const { handlers, told, claims, idOf, writes, processes, steps, done } = sorted(run.events);
  const effects = Map.groupBy(run.effects, (effect) => effect.split(' ')[0] ?? '');
  return run.tasks.map((task) => {
    const own = handlers.get(task.key) ?? [];
    const operations = new Set(own.map(({ operationId }) => operationId));
    const ids = new Set([...operations].map((operation) => idOf.get(operation)));
    const ownClaims = [...ids]
      .flatMap((id) => (id === undefined ? [] : (claims.get(id) ?? [])))
      .map((claim) => ({ ...claim, writes: writes.get(claim.token) ?? [] }));
    return {
      task,
      claims: ownClaims,
      handlers: own,
      began: own.filter(({ type }) => type === 'began'),
      told: told.get(task.key) ?? [],
      storedAt: storedAt(
        ownClaims,
        [...operations].map((operation) => done.get(operation) ?? Infinity),
      ),
      effects: (effects.get(task.key) ?? []).map((effect) => effect.split(' ')[1] ?? ''),
      processes,
      steps,
      undisturbed: run.undisturbed,
    };
  });
}

function sorted(events: readonly RunEvent[]) {
  const ordered = events.toSorted((a, b) => a.at - b.at);
  const of = <Type extends RunEvent['type']>(...types: readonly Type[]) =>
    ordered.filter((event): event is Extract<RunEvent, { type: Type }> => types.some((type) => type === event.type));
  const claims = of('claimed');
  const foundDone = of('found-done').toReversed();
  return {
    handlers: Map.groupBy(of('began', 'effect', 'aborted', 'refused', 'ended'), ({ key }) => key),
    told: Map.groupBy(of('told'), ({ key }) => key),
    claims: Map.groupBy(claims, ({ id }) => id),
    idOf: new Map(claims.map(({ operationId, id }) => [operationId, id])),
    writes: Map.groupBy(of('write'), ({ token }) => token),
    processes: of('killed', 'frozen', 'continued'),
    steps: of('stepped'),
    done: new Map(foundDone.map(({ operationId, at }) => [operationId, at])),
  };
}

function storedAt(claims: readonly OwnedClaim[], foundDoneAt: readonly number[]): number {
  const finals = claims.flatMap(({ writes }) => writes).filter(({ isFinal, accepted }) => isFinal && accepted);
  return Math.min(...finals.map(({ at }) => at), ...foundDoneAt);
}

/** A handler's own answer; undefined for problems and lost connections. */
export function answerOf({ status, body }: ToldEvent): AnswerBody | undefined {
  return status === 201 ? JSON.parse(body) : undefined;
}

/** The requests with another payload under the task's key. */
export function otherRequests({ told, task }: KeyHistory): readonly ToldEvent[] {
  return told.filter(({ payload }) => payload !== task.payload);
}

/** The requests with the task's payload. */
export function ownRequests({ told, task }: KeyHistory): readonly ToldEvent[] {
  return told.filter(({ payload }) => payload === task.payload);
}
