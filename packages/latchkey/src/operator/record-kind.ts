/**
 * Whose records are whose: each layer's are known by their fingerprints.
 *
 * @module
 */

import { ownFingerprint } from '../core/audit/own-record.ts';
import type { StoredRecord } from '../core/store.ts';

/**
 * Who wrote a record and so reads its result: the HTTP layer, `idempotent()`, or another layer on the engine.
 */
export type RecordKind = 'http' | 'function' | 'other';

/** Fingerprints begin with their version (see core/support/fingerprint-digests.ts): a number, and `f` before a function's. */
export function kindOf({ fingerprint }: Pick<StoredRecord, 'fingerprint'>): RecordKind {
  if (/^\d+k?\./.test(fingerprint)) return 'http';
  return /^f\d+k?\./.test(fingerprint) ? 'function' : 'other';
}

/** True for the audit's records and for proposed decisions, which are nobody's operation. */
export function isOwn({ fingerprint }: Pick<StoredRecord, 'fingerprint'>): boolean {
  return fingerprint === ownFingerprint;
}
