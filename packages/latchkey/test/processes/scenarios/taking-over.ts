/** A worker stopped past its leases. Some of its records are taken over, others are not. */

import { setTimeout as pause } from 'node:timers/promises';
import { ask, askUntilAnswered } from '../fleet/ask.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Worker } from '../fleet/worker.ts';
import type { Task, ToldEvent } from '../history/events.ts';

/** The worker that is stopped. */
export const frozen = 1;
const other = 0;

/**
 * @param left - these are not taken over; those that may be rerun are not requested. @returns the final events of the
 * stopped worker.
 */
export async function takeOver(
  fleet: Fleet,
  taken: readonly Task[],
  left: readonly Task[] = [],
): Promise<readonly ToldEvent[]> {
  const worker = fleet.worker(frozen);
  const begun = await Promise.all([...taken, ...left].map((task) => begin(fleet, worker, task)));
  await freeze(fleet, worker);
  await Promise.all(taken.map((task) => askUntilAnswered(fleet, task, () => fleet.worker(other))));
  await untilLapsed(fleet, left);
  worker.continue();
  return Promise.all(begun.map(({ answer }) => answer));
}

/** Stops it, but not while it holds a lock that the others need. */
async function freeze({ backend }: Fleet, worker: Worker): Promise<void> {
  worker.freeze();
  while (backend.isLocked?.()) {
    worker.continue();
    await pause(20);
    worker.freeze();
  }
}

/** Sends the request until the handler runs, since the store may be slow; does not wait for the answer. */
async function begin(fleet: Fleet, worker: Worker, task: Task): Promise<{ readonly answer: Promise<ToldEvent> }> {
  const isBegun = () => fleet.events().some((event) => event.type === 'began' && event.key === task.key);
  for (;;) {
    let isAnswered = false;
    const answer = ask(fleet, worker, task).finally(() => {
      isAnswered = true;
    });
    while (!isAnswered && !isBegun()) await pause(10);
    if (isBegun()) return { answer };
  }
}

/** A request for a rerun record would take it over; one for a refuse record gets outcome-unknown. */
async function untilLapsed(fleet: Fleet, left: readonly Task[]): Promise<void> {
  const refused = left.filter(({ policy }) => policy === 'refuse');
  await Promise.all(refused.map((task) => askUntilAnswered(fleet, task, () => fleet.worker(other))));
}
