/**
 * What the audit is written and read with.
 *
 * @module
 */

import type { AnyStore } from '../store.ts';
import { type CallTools, callUntil } from '../support/store-call.ts';

/** The store, with time and the observer. */
export interface AuditTools extends CallTools {
  readonly store: Pick<AnyStore, 'claim' | 'complete' | 'read'>;
}

/** Somebody waits, so that a store that doesn't answer is worth some patience, and not more. */
const patienceMs = 10_000;

/**
 * Calls the store until it answers.
 *
 * @throws StoreUnavailableError if it doesn't within ten seconds.
 */
export function ask<T>(tools: CallTools, during: string, call: () => Promise<T>): Promise<T> {
  const giveUpAt = tools.runtime.clock.monotonic() + patienceMs;
  return callUntil(tools, giveUpAt, { operation: 'operator', during }, call);
}
