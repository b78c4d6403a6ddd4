/**
 * Classifies the errors of Redis and its clients.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { unreadableIn } from '../shared/unreadable.ts';

/** When a client should retry if memory is full or too few replicas answered. */
const retryWhenFullMs = 1_000;

function startsWith(error: unknown, word: string): boolean {
  return error instanceof Error && error.message.startsWith(word);
}

/** Whether the server does not have the script: it was restarted, flushed, or is new after a failover. */
export function isUnknownScript(error: unknown): boolean {
  return startsWith(error, 'NOSCRIPT');
}

/** Whether the server's memory is full and nothing may be evicted. */
export function isOutOfMemory(error: unknown): boolean {
  return startsWith(error, 'OOM');
}

/** The errors of a server that accepts no writes; it sends them before it checks whether the command would write. */
const writeRefusals = ['OOM', 'MISCONF', 'READONLY', 'NOREPLICAS'];

/** Whether the server refused a command that may write. */
export function isWriteRefused(error: unknown): boolean {
  return writeRefusals.some((word) => startsWith(error, word));
}

/** The error for a stored value that this version cannot read. */
export const unreadable = unreadableIn('Redis');

/** The error for a value that another program wrote. */
export function notARecord(): LatchkeyError {
  return unreadable('the value under this key was not written by Latchkey');
}

/** An error with the message only: a client's error also holds the command's arguments, such as bodies and tokens. */
function wordsOf(error: unknown): Error {
  return new Error(error instanceof Error ? error.message : 'unknown error');
}

/** Maps an error of the client to an error of the store. */
export function toStoreError(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  if (startsWith(error, 'WRONGTYPE')) return unreadable('a key holds another kind of value', { cause: wordsOf(error) });
  if (isOutOfMemory(error))
    return new StoreUnavailableError('Redis is out of memory.', {
      cause: wordsOf(error),
      retryAfterMs: retryWhenFullMs,
      full: true,
    });
  const cause = wordsOf(error);
  return new StoreUnavailableError(`Redis could not answer: ${cause.message}`, { cause });
}

/** The error if too few replicas have a write in time. */
export function tooFewReplicas(reached: number, wanted: number, retryAfterMs?: number): StoreUnavailableError {
  const message = `Only ${reached} of ${wanted} replicas confirmed the write in time.`;
  return new StoreUnavailableError(message, retryAfterMs === undefined ? {} : { retryAfterMs });
}
