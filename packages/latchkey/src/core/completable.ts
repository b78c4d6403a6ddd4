/**
 * What a completer needs to run an operation again without the client that asked for it.
 *
 * @module
 */

import type { Answering, AnyContext } from './context.ts';
import type { RunResult } from './operation.ts';
import type { OperationSettings } from './settings.ts';

/** One kind of operation that can be run again from the request that its claim saved. */
export interface Completable {
  readonly settings: OperationSettings;
  /** False if its claims save no request, so that none of them can be run again: a completer refuses it. */
  readonly savesRequests?: boolean;
  /** Whether a record of this operation name is one of these. */
  matches(operation: string): boolean;
  /** One run of it. A result other than `done`, or a throw, means that it is to be tried again. */
  begin(operation: string, request: Uint8Array): CompletableRun;
}

/** One run: its handler, and how the answer of its `finish` is stored. */
export interface CompletableRun {
  readonly answering: Answering<unknown, unknown>;
  handler(context: AnyContext): Promise<RunResult>;
}
