/**
 * The fingerprint: a versioned digest of what a request asks for.
 *
 * @module
 */

import { hash } from 'node:crypto';
import { joinParts } from '../core/digest.ts';
import type { BodyForm } from './body-form.ts';
import { type KeyedDigest, keyedDigest } from './keyed-digest.ts';

/** Everything that a fingerprint is taken from. */
export interface FingerprintInput {
  /** Path and query. */
  readonly target: string;
  /** The comparable media type. */
  readonly mediaType: string;
  readonly body: BodyForm;
  /** Name and value of the meaningful fields that are present, by name. */
  readonly fields: readonly string[];
}

/** One way of writing the input down. A version is never changed once it was released; a new one goes in front. */
export interface FingerprintVersion {
  readonly tag: string;
  materialOf(input: FingerprintInput): string;
}

/** Newest first. Records written under the others are still recognised. */
export const fingerprintVersions: readonly FingerprintVersion[] = [
  {
    tag: '1',
    materialOf: ({ target, mediaType, body, fields }) => joinParts([target, mediaType, ...body, ...fields]),
  },
];

/** The fingerprint to store, and those of the same request that count as equal to it. */
interface Fingerprints {
  readonly fingerprint: string;
  readonly acceptable: readonly string[];
}

/** Makes a request's fingerprints. */
export type Fingerprinter = (input: FingerprintInput) => Fingerprints;

interface Way {
  readonly tag: string;
  readonly digest: KeyedDigest;
}

const plain: Way = { tag: '', digest: (text) => hash('sha256', text, 'base64url') };

/**
 * Makes fingerprints of the form `version.digest`, or `version` + `k.digest` when there are secrets: an HMAC under
 * the first of them. Acceptable beside it are the same request under every other secret, without a secret (so that
 * introducing one breaks no retry), and under every older version.
 *
 * @param versions - newest first; the library's own unless a test says otherwise.
 * @example
 * ```ts
 * const fingerprintsOf = fingerprinter([secret])
 * fingerprintsOf({ target: '/v1/charges', mediaType: 'application/json', body: ['json', '{"amount":2000}'], fields: [] })
 * ```
 */
export function fingerprinter(
  secrets: readonly (string | Uint8Array)[],
  versions: readonly FingerprintVersion[] = fingerprintVersions,
): Fingerprinter {
  const ways: readonly Way[] = [...secrets.map((secret) => ({ tag: 'k', digest: keyedDigest(secret) })), plain];
  return (input) => {
    const all: string[] = [];
    for (const version of versions) {
      const material = version.materialOf(input);
      for (const { tag, digest } of ways) all.push(`${version.tag}${tag}.${digest(material)}`);
    }
    return { fingerprint: all[0] ?? '', acceptable: all };
  };
}
