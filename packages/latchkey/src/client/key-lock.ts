/**
 * A lock between the tabs of a browser, and between the workers of a Node process.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';
import type { KeyStorage } from './key-storage.ts';

/** A lock is held for a few reads and writes; a tab that holds it for longer is frozen. */
const lockTimeoutMs = 2_000;

/** True if {@link withLock} can exclude other tabs; false on insecure pages and in Node before 24.5. */
export function hasLocks(): boolean {
  return typeof globalThis.navigator?.locks?.request === 'function';
}

/** Runs `work` under a lock with this name; without the lock if it is not available. */
export async function withLock<T>(name: string, timers: Timers, work: () => Promise<T>): Promise<T> {
  if (!hasLocks()) return work();
  const giveUp = new AbortController();
  const timer = timers.set(() => giveUp.abort(), lockTimeoutMs);
  let result: { readonly value: T } | undefined;
  try {
    await navigator.locks.request(name, { signal: giveUp.signal }, async () => {
      timers.clear(timer);
      result = { value: await work() };
    });
  } catch {
    // Not granted in time, or not allowed here (an opaque origin); `work` itself never rejects.
  }
  timers.clear(timer);
  return result === undefined ? work() : result.value;
}

const turnsByStorage = new WeakMap<KeyStorage, Map<string, Promise<unknown>>>();

/**
 * Runs `work` after all earlier work on this entry of the storage, of any client in this page. `work` never rejects.
 */
export function inTurn<T>(storage: KeyStorage, name: string, work: () => Promise<T>): Promise<T> {
  const turns = turnsByStorage.get(storage) ?? new Map<string, Promise<unknown>>();
  turnsByStorage.set(storage, turns);
  const before = turns.get(name);
  const turn = before === undefined ? work() : before.then(work);
  turns.set(name, turn);
  void turn.then(() => {
    if (turns.get(name) === turn) turns.delete(name);
  });
  return turn;
}
