/**
 * What every part of the operator works with.
 *
 * @module
 */

import type { AnyStore } from '../core/store.ts';
import type { CallTools } from '../core/store-call.ts';

/** The methods of a store that an operator calls. */
export type OperatedStore = Pick<AnyStore, 'claim' | 'complete' | 'read' | 'list' | 'resolve'>;

/** The store, with time and the observer. */
export interface OperatorTools extends CallTools {
  readonly store: OperatedStore;
}
