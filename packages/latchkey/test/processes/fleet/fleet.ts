/** The server processes on one store, and the history of their actions. */

import { seededFraction } from '../../../src/testing/manual-clock.ts';
import type { Backend } from '../backends/backend.ts';
import type { ChildSettings } from '../children/settings.ts';
import type { RunEvent } from '../history/events.ts';
import { logReader, openLog, type WriteLine } from '../history/log.ts';
import { Worker } from './worker.ts';

export interface Fleet {
  readonly backend: Backend;
  readonly workers: readonly Worker[];
  readonly log: WriteLine;
  /** A random number from 0 to 1, from the run's seed. */
  readonly fraction: () => number;
  /** Any worker. */
  any(): Worker;
  worker(index: number): Worker;
  /** Everything that has happened so far. */
  events(): readonly RunEvent[];
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly seed: number;
  readonly size?: number;
}

/** Five minutes slow, correct, and five minutes fast. */
const shiftsMs = [-300_000, 0, 300_000, 0];

export async function startFleet(backend: Backend, { seed, size = 4 }: FleetOptions): Promise<Fleet> {
  const path = backend.path('history');
  const log = openLog(path);
  const fraction = seededFraction(seed);
  const workers = Array.from({ length: size }, (_, index) => {
    const settings: ChildSettings = {
      worker: index,
      log: path,
      store: backend.settings(index),
      clockShiftMs: backend.ownClock ? (shiftsMs[index % shiftsMs.length] ?? 0) : 0,
    };
    return new Worker(settings, log);
  });
  await Promise.all(workers.map((worker) => worker.start()));
  const worker = (index: number): Worker => {
    const found = workers[index % size];
    if (found === undefined) throw new RangeError(`There is no worker ${index}.`);
    return found;
  };
  return {
    backend,
    workers,
    log,
    fraction,
    worker,
    any: () => worker(Math.floor(fraction() * size)),
    events: logReader(path),
    stop: async () => {
      await Promise.all(workers.map((each) => each.kill()));
    },
  };
}
