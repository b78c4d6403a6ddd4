/**
 * What the audit says of a verdict.
 *
 * @module
 */

import { digestParts } from '../support/digest.ts';

/** A verdict in the audit: nothing of a response but its status and a digest. */
export interface VerdictSummary {
  readonly kind: 'respond' | 'rerun' | 'forget';
  /** The status of a response, if a person gave it. */
  readonly status?: number;
  /** Of the verdict as a whole, its bytes included. */
  readonly digest: string;
}

/** The digest of a verdict; `bytes` are a response's as the record keeps them, and empty for the others. */
export function verdictDigest(kind: VerdictSummary['kind'], bytes: Uint8Array): string {
  return digestParts('verdict', kind, Buffer.from(bytes).toString('base64'));
}
