/** Shared by the client's tests. */

import type { ClientEvent } from '../../src/client/client-events.ts';
import type { NoAnswerError } from '../../src/client/no-answer-error.ts';
import { type ManualRuntime, manualRuntime } from '../../src/testing/manual-clock.ts';

/** The part of `sessionStorage` that the client uses. */
export function mapStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
    clear: () => items.clear(),
  };
}

/** A runtime whose waits between attempts end at once, and the emitted events. */
export interface Hurried {
  readonly runtime: ManualRuntime;
  readonly events: ClientEvent[];
  readonly onEvent: (event: ClientEvent) => void;
}

/** Advances a manual clock by exactly each announced delay. */
export function hurried(seed = 1): Hurried {
  const runtime = manualRuntime(seed);
  const events: ClientEvent[] = [];
  const onEvent = (event: ClientEvent) => {
    events.push(event);
    if (event.type === 'retrying') void runtime.advance(event.delayMs);
  };
  return { runtime, events, onEvent };
}

/** The announced waits, in milliseconds. */
export function delays(events: readonly ClientEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'retrying' ? [event.delayMs] : []));
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<NoAnswerError> {
  try {
    await promise;
  } catch (error) {
    return error as NoAnswerError;
  }
  throw new Error('it should have failed');
}
