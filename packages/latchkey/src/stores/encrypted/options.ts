/**
 * The options of an encrypted store.
 *
 * @module
 */

import { isText, must, type OptionTable, required } from '../../core/options/rules.ts';
import type { KeyProvider } from './key-ring.ts';

/** The keys of an `encryptedStore`. */
export interface EncryptionOptions {
  /** The version that new values are sealed with. To rotate, add a key and name it here; keep the older ones. */
  readonly currentKey: string;
  /** Keys of 32 bytes by version, or a function that looks one up and may ask a key service. */
  readonly keys: Readonly<Record<string, Uint8Array>> | KeyProvider;
}

const longestVersion = 255;

const isVersion = (value: unknown) => {
  const length = isText(value) ? Buffer.byteLength(value) : 0;
  return length > 0 && length <= longestVersion;
};

/** What they may be. */
export const encryptionTable = {
  currentKey: required(must(`a string of 1 to ${longestVersion} bytes`, isVersion)),
  keys: required(
    must(
      'a table of keys or a function',
      (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
    ),
  ),
} satisfies OptionTable<EncryptionOptions>;
