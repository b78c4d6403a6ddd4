/**
 * Tells the errors of Redis and its clients apart.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { unreadableIn } from '../shared/unreadable.ts';

/** How long a client should stay away when memory is full, or too few replicas answered. */
const retryWhenFullMs = 1_000;

function startsWith(error: unknown, word: string): boolean {
  return error instanceof Error && error.message.startsWith(word);
}

/** Whether the server has forgotten the script, or never knew it: it was restarted, flushed, or took over. */
export function isUnknownScript(error: unknown): boolean {
  return startsWith(error, 'NOSCRIPT');
}

/** Whether the server's memory is full and nothing may be evicted. */
export function isOutOfMemory(error: unknown): boolean {
  return startsWith(error, 'OOM');
}

/** What a server that can't take writes now says to each of them, before it looks whether there is anything to write. */
const writeRefusals = ['OOM', 'MISCONF', 'READONLY', 'NOREPLICAS'];

/** Whether the server refused a command because it may write. */
export function isWriteRefused(error: unknown): boolean {
  return writeRefusals.some((word) => startsWith(error, word));
}

/** The refusal to guess what a stored value means. */
export const unreadable = unreadableIn('Redis');

/** The refusal of a value that some other program wrote. */
export function notARecord(): LatchkeyError {
  return unreadable('the value under this key was not written by Latchkey');
}

/** The words of an error alone: a client's error carries the command's arguments, bodies and tokens among them. */
function wordsOf(error: unknown): Error {
  return new Error(error instanceof Error ? error.message : 'unknown error');
}

/** What a caller of the store gets for an error of the client. */
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

/** Fewer replicas than asked for had a write in time. */
export function tooFewReplicas(reached: number, wanted: number, retryAfterMs?: number): StoreUnavailableError {
  const message = `Only ${reached} of ${wanted} replicas confirmed the write in time.`;
  return new StoreUnavailableError(message, retryAfterMs === undefined ? {} : { retryAfterMs });
}
