/**
 * Options that several factories of the library share.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError } from '../errors.ts';
import { systemRuntime } from '../runtime.ts';
import type { AnyStore } from '../store.ts';
import type { Secret } from '../support/digest.ts';
import { arrayOf, callable, called, isObjectWith, isText, must, required, runtimeOr } from './rules.ts';

const leastSecretBytes = 32;

const isSecret = (item: unknown) =>
  (isText(item) ? Buffer.byteLength(item) : item instanceof Uint8Array ? item.length : 0) >= leastSecretBytes;

/** One secret. */
export const secretRule = must(`a secret of at least ${leastSecretBytes} bytes`, isSecret);

/** The secrets of fingerprints. */
export const secretsRule = arrayOf<Secret>(`secrets of at least ${leastSecretBytes} bytes each`, isSecret);

/** The store that keeps the records. */
export const storeRule = called(
  'adapter dataAdapter storage storageAdapter',
  required(must('a store, such as memoryStore() or await storeFromUrl(…)', isObjectWith('claim', 'complete'))),
);

/** Events, log and runtime. */
export const observerTable = {
  onEvent: callable,
  log: must('a function or false', (value) => value === false || typeof value === 'function'),
  runtime: runtimeOr(systemRuntime),
};

/**
 * Refuses an encrypted store without fingerprint secrets, since plain digests can be guessed.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkSealed(where: string, store: Pick<AnyStore, 'sealed'>, secrets: readonly Secret[]): void {
  if (store.sealed !== true || secrets.length > 0) return;
  throw new LatchkeyError(
    'option-invalid',
    `${where}: fingerprint.secrets must be set with an encrypted store, since a plain digest of a payload can be guessed.`,
  );
}
