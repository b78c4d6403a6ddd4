/**
 * Classifies the errors of the AWS SDK by their names, and maps them to the library's codes.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { unreadableIn } from '../shared/unreadable.ts';
import type { FoundItem } from './client.ts';

/** The error for a stored item that this version cannot read. */
export const unreadable = unreadableIn('DynamoDB');

/** Maps an error of the client to an error of the store. */
export function toStoreError(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  const name = nameOf(error);
  const hint = hints[name] ?? '';
  const options = { cause: error, full: isFull(error) };
  return new StoreUnavailableError(`DynamoDB failed: ${name}.${hint}`, options);
}

/** Whether the item would exceed DynamoDB's size limit. */
function isFull(error: unknown): boolean {
  return nameOf(error) === 'ValidationException' && error instanceof Error && /\bitem size\b/i.test(error.message);
}

const hints: Readonly<Record<string, string>> = {
  ResourceNotFoundException: ' Create the table with the definition from tableDefinition().',
  AbortError: ' The call took longer than callTimeoutMs.',
};

/** The SDK's name of an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** Why each write of a cancelled transaction failed, in order; empty for any other error. */
export function cancellationsOf(error: unknown): readonly { readonly code: string; readonly found?: FoundItem }[] {
  if (nameOf(error) !== 'TransactionCanceledException') return [];
  const reasons: unknown = Reflect.get(Object(error), 'CancellationReasons');
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: unknown) => {
    const found = itemOf(reason);
    return { code: String(Reflect.get(Object(reason), 'Code')), ...(found !== undefined && { found }) };
  });
}

const passingCodes = ['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

/** Whether a transaction was cancelled for temporary reasons. */
export function isPassing(error: unknown): boolean {
  const codes = cancellationsOf(error).map(({ code }) => code);
  return codes.length > 0 && codes.every((code) => passingCodes.includes(code));
}

/** Whether a transaction on the same item was in the way; a short wait helps. */
export function isConflict(error: unknown): boolean {
  return nameOf(error) === 'TransactionConflictException' || isPassing(error);
}

/** The item in an error. */
export function itemOf(holder: unknown): FoundItem | undefined {
  const item: unknown = Reflect.get(Object(holder), 'Item');
  return typeof item === 'object' && item !== null ? { ...item } : undefined;
}
