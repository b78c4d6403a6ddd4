/**
 * What the audit says of a decision.
 *
 * @module
 */

import { digestParts } from '../support/digest.ts';

/** A decision in the audit: nothing of a response but its status and a digest. */
export interface DecisionSummary {
  readonly kind: 'respond' | 'rerun' | 'forget';
  /** The status of a response, if a person gave it. */
  readonly status?: number;
  /** Of the decision as a whole, its bytes included. */
  readonly digest: string;
}

/** The digest of a decision; `bytes` are a response's as the record keeps them, and empty for the others. */
export function decisionDigest(kind: DecisionSummary['kind'], bytes: Uint8Array): string {
  return digestParts('verdict', kind, Buffer.from(bytes).toString('base64'));
}
