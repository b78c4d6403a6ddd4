/**
 * What every part of the operator works with.
 *
 * @module
 */

import type { AnyStore } from '../core/store.ts';
import { type CallTools, callUntil } from '../core/store-call.ts';

/** The methods of a store that an operator calls. */
export type OperatedStore = Pick<AnyStore, 'claim' | 'complete' | 'read' | 'list' | 'resolve'>;

/** The store, with time and the observer. */
export interface OperatorTools extends CallTools {
  readonly store: OperatedStore;
}

/** A person waits, so that a store that doesn't answer is worth some patience, and not more. */
const patienceMs = 10_000;

/**
 * Calls the store until it answers.
 *
 * @throws StoreUnavailableError if it doesn't within ten seconds.
 */
export function ask<T>(tools: OperatorTools, during: string, call: () => Promise<T>): Promise<T> {
  const giveUpAt = tools.runtime.clock.monotonic() + patienceMs;
  return callUntil(tools, () => giveUpAt, { operation: 'operator', during }, call);
}
