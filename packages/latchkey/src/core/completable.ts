/**
 * The interface by which a completer reruns operations without their client.
 *
 * @module
 */

import type { Answering, AnyContext } from './context.ts';
import type { RunResult } from './operation.ts';
import type { OperationSettings } from './settings.ts';

/** One kind of operation that can be rerun from its saved request. */
export interface Completable {
  readonly settings: OperationSettings;
  /** False if its claims save no request and so can't be rerun: a completer refuses it. */
  readonly savesRequests?: boolean;
  /** Whether a record with this operation name is of this kind. */
  matches(operation: string): boolean;
  /** Prepares one run. After a result other than `done`, or a throw, the operation is retried. */
  begin(operation: string, request: Uint8Array): CompletableRun;
}

/** One run: its handler, and how the answer of its `finish` is encoded. */
export interface CompletableRun {
  readonly answering: Answering<unknown, unknown>;
  handler(context: AnyContext): Promise<RunResult>;
}
