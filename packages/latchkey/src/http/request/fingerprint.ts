/**
 * The fingerprint: a versioned digest of the meaningful parts of a request.
 *
 * @module
 */

import { fingerprintDigests, joinParts, type Secret } from '../../core/support/digest.ts';
import type { BodyForm } from './body-form.ts';

/** The input of a fingerprint. */
export interface FingerprintInput {
  /** Path and query. */
  readonly target: string;
  /** The comparable media type. */
  readonly mediaType: string;
  readonly body: BodyForm;
  /** Names and values of the meaningful headers that are present, sorted by name. */
  readonly headers: readonly string[];
}

/** One serialisation of the input. A released version is never changed; a new one is added at the front. */
export interface FingerprintVersion {
  readonly tag: string;
  materialOf(input: FingerprintInput): string;
}

/** Newest first. Records written under the others are still recognised. */
export const fingerprintVersions: readonly FingerprintVersion[] = [
  {
    tag: '1',
    materialOf: ({ target, mediaType, body, headers }) => {
      const material = joinParts([target, mediaType, body[0], body[1]]);
      return headers.length === 0 ? material : material + joinParts(headers);
    },
  },
];

/** Returns a request's fingerprints: the one to store, then its equivalents. */
export type Fingerprinter = (input: FingerprintInput) => readonly string[];

/**
 * Returns a function for the fingerprints of requests (see {@link fingerprintDigests}), newest version first.
 *
 * @param versions - newest first. Default: the versions of the library.
 * @example
 * ```ts
 * const fingerprintsOf = fingerprinter([secret])
 * const body = ['json', '{"amount":2000}'] as const
 * fingerprintsOf({ target: '/v1/charges', mediaType: 'application/json', body, headers: [] })
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
