/**
 * The network state of a browser. Node has none and counts as online.
 *
 * @module
 */

import { sleep, type Timers } from '../core/runtime.ts';

/** True if the browser reports that it is offline. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Sleeps until the time is over, the network is back, or `signal` aborts. */
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
