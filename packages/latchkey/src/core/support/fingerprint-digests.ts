/**
 * Digests of what an operation asks for: plain ones, or keyed ones where there are secrets.
 *
 * @module
 */

import { hash } from 'node:crypto';
import { type KeyedDigest, keyedDigest } from './keyed-digest.ts';

/** A secret of at least 32 bytes. */
export type Secret = string | Uint8Array;

/** All digests of a material that count as the same; the first is the one to store. */
export type FingerprintDigests = (version: string, material: string) => readonly string[];

const plain: KeyedDigest = (text) => hash('sha256', text, 'base64url');

/**
 * Makes digests of the form `version.digest`, or `version` + `k.digest` when there are secrets: an HMAC under the
 * first of them. Beside it come the same under every other secret, so that secrets rotate, and without a secret, so
 * that introducing one breaks no retry.
 *
 * @example
 * ```ts
 * const [fingerprint] = fingerprintDigests([secret])('1', material)
 * ```
 */
export function fingerprintDigests(secrets: readonly Secret[]): FingerprintDigests {
  const ways = [...secrets.map((secret) => ({ mark: 'k', digest: keyedDigest(secret) })), { mark: '', digest: plain }];
  return (version, material) => ways.map(({ mark, digest }) => `${version}${mark}.${digest(material)}`);
}
