/**
 * `latchkey/completer`: finishes operations of crashed workers without waiting for the client.
 *
 * @module
 */

export type { Completable, CompletableRun } from '../core/completable.ts';
export type { SavedRequest } from '../http/request/saved-request.ts';
export type { MadeResponse } from '../http/response/made-response.ts';
export { type Completer, completer } from './completer.ts';
export { type HttpOperationsOptions, httpOperations, type SavedRequestHandler } from './http-operations.ts';
export type { CompleterOptions } from './options.ts';
