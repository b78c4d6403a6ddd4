/**
 * What every part of the operator works with.
 *
 * @module
 */

import { ask } from '../core/audit/own-record.ts';
import type { AnyOperatorStore, StoredRecord } from '../core/store.ts';
import type { CallTools } from '../core/support/store-call.ts';

/** The methods of an `OperatorStore` that have nothing to do with its transactions. */
export type OperatedStore = Pick<
  AnyOperatorStore,
  'claim' | 'complete' | 'read' | 'list' | 'resolve' | 'erase' | 'sweep'
>;

/** The store, with time and the observer. */
export interface OperatorTools extends CallTools {
  readonly store: OperatedStore;
}

/** A record, even if the store can't open what it keeps: somebody has to decide about it. */
export function look(tools: OperatorTools, id: string): Promise<StoredRecord | undefined> {
  return ask(tools, 'read', () => tools.store.read(id, { markUnreadable: true }));
}
