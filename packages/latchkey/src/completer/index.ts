/**
 * `latchkey/completer`: finishes what a crash left behind without waiting for the client.
 *
 * @module
 */

export type { Completable, CompletableRun } from '../core/completable.ts';
export { type HttpOperationsOptions, httpOperations, type SavedRequestHandler } from '../http/http-operations.ts';
export type { MadeResponse } from '../http/made-response.ts';
export type { SavedRequest } from '../http/saved-request.ts';
export { type Completer, completer } from './completer.ts';
export type { CompleterOptions } from './options.ts';
