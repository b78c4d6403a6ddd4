/**
 * The fingerprint: a versioned digest of what a request asks for.
 *
 * @module
 */

import { fingerprintDigests, joinParts, type Secret } from '../../core/support/digest.ts';
import type { BodyForm } from './body-form.ts';

/** Everything that a fingerprint is taken from. */
export interface FingerprintInput {
  /** Path and query. */
  readonly target: string;
  /** The comparable media type. */
  readonly mediaType: string;
  readonly body: BodyForm;
  /** Name and value of the meaningful headers that are present, by name. */
  readonly headers: readonly string[];
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
    materialOf: ({ target, mediaType, body, headers }) => joinParts([target, mediaType, body[0], body[1], ...headers]),
  },
];

/** Makes a request's fingerprints: the one to store, then those that count as equal to it. */
export type Fingerprinter = (input: FingerprintInput) => readonly string[];

/**
 * Makes the fingerprints of requests (see {@link fingerprintDigests}), newest version first.
 *
 * @param versions - newest first; the library's own unless a test says otherwise.
 * @example
 * ```ts
 * const fingerprintsOf = fingerprinter([secret])
 * fingerprintsOf({ target: '/v1/charges', mediaType: 'application/json', body: ['json', '{"amount":2000}'], headers: [] })
 * ```
 */
export function fingerprinter(
  secrets: readonly Secret[],
  versions: readonly FingerprintVersion[] = fingerprintVersions,
): Fingerprinter {
  const digestsOf = fingerprintDigests(secrets);
  const [newest, ...older] = versions;
  if (newest === undefined) throw new RangeError('There must be at least one version.');
  if (older.length === 0) return (input) => digestsOf(newest.tag, newest.materialOf(input));
  return (input) => versions.flatMap(({ tag, materialOf }) => digestsOf(tag, materialOf(input)));
}
