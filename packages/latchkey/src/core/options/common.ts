/**
 * What several factories of the library take alike.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError } from '../errors.ts';
import { systemRuntime } from '../runtime.ts';
import type { AnyStore } from '../store.ts';
import type { Secret } from '../support/digest.ts';
import { callable, called, isObjectWith, isText, listOf, must, type Rule, required, runtimeOr } from './rules.ts';

const leastSecretBytes = 32;

const isSecret = (item: unknown) =>
  (isText(item) ? Buffer.byteLength(item) : item instanceof Uint8Array ? item.length : 0) >= leastSecretBytes;

/** The secrets of fingerprints. */
export const secretsRule: Rule = must(
  `an array of secrets of at least ${leastSecretBytes} bytes each`,
  listOf(isSecret),
);

/** Where records live. */
export const storeRule = called(
  'adapter dataAdapter storage storageAdapter',
  required(must('a store, such as memoryStore() or await storeFromUrl(…)', isObjectWith('claim', 'complete'))),
);

/** Who is notified of what happens, and by which clock. */
export const observerTable = {
  onEvent: callable,
  log: must('a function or false', (value) => value === false || typeof value === 'function'),
  runtime: runtimeOr(systemRuntime),
};

/**
 * Refuses a store that encrypts what it keeps, beside fingerprints that anybody can compute.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkSealed(where: string, store: Pick<AnyStore, 'sealed'>, secrets: readonly Secret[]): void {
  if (store.sealed !== true || secrets.length > 0) return;
  throw new LatchkeyError(
    'option-invalid',
    `${where}: an encrypted store needs fingerprint.secrets, since a plain digest of a payload can be guessed.`,
  );
}
