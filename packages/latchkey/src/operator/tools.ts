/**
 * The dependencies of all parts of the operator.
 *
 * @module
 */

import { ask } from '../core/audit/own-record.ts';
import type { AnyOperatorStore, StoredRecord } from '../core/store.ts';
import type { CallTools } from '../core/support/store-call.ts';

/** The methods of an `OperatorStore` except transactions. */
export type OperatedStore = Pick<
  AnyOperatorStore,
  'claim' | 'complete' | 'read' | 'list' | 'resolve' | 'erase' | 'sweep'
>;

/** The store, the runtime and the observer. */
export interface OperatorTools extends CallTools {
  readonly store: OperatedStore;
}

/** Reads a record, even if the store can't decrypt it, since a person has to decide about it. */
export function look(tools: OperatorTools, id: string): Promise<StoredRecord | undefined> {
  return ask(tools, 'read', () => tools.store.read(id, { markUnreadable: true }));
}
