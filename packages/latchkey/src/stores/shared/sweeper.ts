/**
 * Removes expired records in small steps: often while it finds many, rarely while it finds nothing.
 *
 * @module
 */

import type { Runtime, TimerHandle } from '../../core/runtime.ts';

const restMs = 5_000;
const betweenStepsMs = 20;
/** Pause per step, as a multiple of its duration: sweeping takes at most a tenth of the time. */
const restsPerStep = 9;

/** Calls `sweep` on a timer. */
export class Sweeper {
  readonly #runtime: Runtime;
  readonly #sweep: (limit: number) => Promise<number>;
  readonly #stepRows: number;
  #timer: TimerHandle;
  #stopped = false;

  /** @param stepRows - number of records per step; other calls wait for a step. */
  constructor(runtime: Runtime, sweep: (limit: number) => Promise<number>, stepRows = 50) {
    this.#runtime = runtime;
    this.#stepRows = stepRows;
    this.#sweep = sweep;
    this.#rest(restMs);
  }

  /** Stops sweeping. */
  stop(): void {
    this.#stopped = true;
    this.#runtime.timers.clear(this.#timer);
  }

  /** The pause is random, so that processes on one database don't sweep at the same time. */
  #rest(aboutMs: number): void {
    const { timers, random } = this.#runtime;
    this.#timer = timers.set(() => void this.#step(), aboutMs * (0.5 + random.fraction()), 'idle');
  }

  async #step(): Promise<void> {
    const { clock } = this.#runtime;
    const startMs = clock.monotonic();
    const swept = await this.#sweep(this.#stepRows).catch(() => 0);
    const pauseMs = Math.max(betweenStepsMs, restsPerStep * (clock.monotonic() - startMs));
    if (!this.#stopped) this.#rest(swept === this.#stepRows ? Math.min(pauseMs, restMs) : restMs);
  }
}
