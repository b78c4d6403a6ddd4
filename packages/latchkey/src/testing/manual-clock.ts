/**
 * Time, timers and randomness controlled by a test. Time only moves when the test advances it, and the same seed gives
 * the same run.
 *
 * @module
 */

import type { Runtime } from '../core/runtime.ts';

/** A {@link Runtime} with a stopped clock. */
export interface ManualRuntime extends Runtime {
  /**
   * Advances both clocks by `ms` milliseconds and calls due timers in order, each at its own time. Lets promises settle
   * after each timer and at the end.
   */
  advance(ms: number): Promise<void>;
  /** Moves only the wall clock, as an administrator or a time server may. */
  jumpWallClock(ms: number): void;
  /** Lets promises settle, and callbacks that wait for a turn of the event loop. */
  settle(): Promise<void>;
  /** Number of pending timers. */
  pendingTimers(): number;
}

interface ManualTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

const turnsToSettle = 4;

/**
 * Creates a runtime for tests. By default the wall clock starts at 2026-01-01 00:00 UTC.
 *
 * @param seed - the seed of `random`.
 * @example
 * ```ts
 * const runtime = manualRuntime()
 * const store = memoryStore({ runtime })
 * await runtime.advance(30_000)
 * ```
 */
export function manualRuntime(seed = 1, startMs = Date.UTC(2026, 0, 1)): ManualRuntime {
  const fraction = seededFraction(seed);
  const timers = new Set<ManualTimer>();
  let elapsedMs = 0;
  let wallOffsetMs = startMs;

  const advance = async (ms: number): Promise<void> => {
    const endMs = elapsedMs + ms;
    await settle();
    for (let next = earliest(timers, endMs); next !== undefined; next = earliest(timers, endMs)) {
      elapsedMs = Math.max(elapsedMs, next.dueMs);
      timers.delete(next);
      next.callback();
      await settle();
    }
    elapsedMs = endMs;
    await settle();
  };

  return {
    clock: { now: () => wallOffsetMs + elapsedMs, monotonic: () => elapsedMs },
    timers: {
      set(callback, delayMs) {
        const timer = { callback, dueMs: elapsedMs + Math.max(0, delayMs) };
        timers.add(timer);
        return timer;
      },
      clear: (handle) => void timers.delete(handle as ManualTimer),
    },
    random: { fraction, uuid: () => uuidFrom(fraction) },
    advance,
    settle,
    jumpWallClock: (ms) => {
      wallOffsetMs += ms;
    },
    pendingTimers: () => timers.size,
  };
}

/** Numbers from 0 to 1 that only depend on the seed (Vigna's SplitMix, truncated to 32 bits). */
export function seededFraction(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

function uuidFrom(fraction: () => number): string {
  const digits = (count: number) => {
    let text = '';
    while (text.length < count) text += Math.floor(fraction() * 16).toString(16);
    return text;
  };
  const variant = (8 + Math.floor(fraction() * 4)).toString(16);
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${variant}${digits(3)}-${digits(12)}`;
}

function earliest(timers: ReadonlySet<ManualTimer>, endMs: number): ManualTimer | undefined {
  let found: ManualTimer | undefined;
  for (const timer of timers) {
    if (timer.dueMs <= endMs && (found === undefined || timer.dueMs < found.dueMs)) found = timer;
  }
  return found;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
