/**
 * What a browser says about its network. Node says nothing: it counts as online.
 *
 * @module
 */

import { sleep, type Timers } from '../core/runtime.ts';

/** True if the browser is sure that there is no network. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Sleeps, but not longer than until the network is back, or `signal` aborts. */
export async function sleepOrOnline(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  const awake = new AbortController();
  const wake = () => awake.abort();
  const page = globalThis as Partial<EventTarget>;
  page.addEventListener?.('online', wake);
  signal.addEventListener('abort', wake);
  if (signal.aborted) wake();
  await sleep(timers, delayMs, awake.signal);
  page.removeEventListener?.('online', wake);
  signal.removeEventListener('abort', wake);
}
