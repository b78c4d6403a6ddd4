/** Number of concurrent clients. */

import { setTimeout as pause } from 'node:timers/promises';
import type { RunEvent, Task } from '../history/events.ts';
import { ask, askUntilAnswered } from './ask.ts';
import type { Fleet } from './fleet.ts';

/** Simultaneous requests with one key. */
const duplicates = 8;

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.toReversed();
  const worker = async () => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Sends every task eight times concurrently to all workers until each request is answered, `width` tasks at a time. */
export function load(fleet: Fleet, tasks: readonly Task[], width: number): Promise<void> {
  const askFrom = (task: Task, first: number) => {
    let next = first;
    return askUntilAnswered(fleet, task, () => (next === first ? fleet.worker(next++) : fleet.any()));
  };
  return inParallel(tasks, width, (task) =>
    Promise.all(Array.from({ length: duplicates }, (_, index) => askFrom(task, index))),
  );
}

/**
 * Sends every request once more after all faults, sometimes with another payload.
 *
 * @param events - what has happened so far.
 */
export function audit(fleet: Fleet, tasks: readonly Task[], events: readonly RunEvent[]): Promise<void> {
  const ran = new Set(events.flatMap(keyOfRun));
  const died = events.some(({ type }) => type === 'killed');
  return inParallel([...tasks.entries()], 16, async ([index, task]) => {
    await askKnowing(fleet, task, died || ran.has(task.key));
    if (index % 4 === 0) await ask(fleet, fleet.any(), { ...task, payload: 'another' });
  });
}

function keyOfRun(event: RunEvent): string[] {
  return event.type === 'began' ? [event.key] : [];
}

/**
 * Claims that never ran are released eventually, even if their answers were lost. A process that died between its claim
 * and its handler releases nothing.
 */
async function askKnowing(fleet: Fleet, task: Task, mayBeUnknown: boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { code } = await askUntilAnswered(fleet, task);
    if (mayBeUnknown || code !== 'outcome-unknown') return;
    await pause(200);
  }
}
