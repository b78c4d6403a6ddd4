/**
 * The options of an encrypted store.
 *
 * @module
 */

import { isText, must, type OptionTable, required } from '../../core/options/rules.ts';
import type { KeyProvider } from './key-ring.ts';

/** The keys of an `encryptedStore`. */
export interface EncryptionOptions {
  /** The key version that encrypts new values. To rotate, add a key and set its version here; keep the older keys. */
  readonly currentKey: string;
  /** Keys of 32 bytes by version, or a function that returns a key, for example from a key service. */
  readonly keys: Readonly<Record<string, Uint8Array>> | KeyProvider;
}

const longestVersion = 255;

const isVersion = (value: unknown) => {
  const length = isText(value) ? Buffer.byteLength(value) : 0;
  return length > 0 && length <= longestVersion;
};

/** The option table. */
export const encryptionTable = {
  currentKey: required(must(`a string of 1 to ${longestVersion} bytes`, isVersion)),
  keys: required(
    must(
      'an object with a key per version, or a function',
      (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
    ),
  ),
} satisfies OptionTable<EncryptionOptions>;
