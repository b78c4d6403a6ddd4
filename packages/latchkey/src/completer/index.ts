/**
 * `latchkey/completer`: finishes what a crash left behind without waiting for the client.
 *
 * @module
 */

export type { Completable, CompletableRun } from '../core/completable.ts';
export { type Completer, completer } from './completer.ts';
export type { CompleterOptions } from './options.ts';
