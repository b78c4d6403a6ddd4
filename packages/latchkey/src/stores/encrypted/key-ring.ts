/**
 * Encryption keys by version, from a table or an async provider.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import type { VersionedKey } from './envelope.ts';

/** Returns the key of a version: 32 bytes, or undefined for an unknown version. It may use a key service. */
export type KeyProvider = (version: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

const keyLength = 32;

/** Caches the provider's keys: a version's key never changes. */
export class KeyRing {
  readonly #known = new Map<string, Uint8Array>();
  readonly #provider: KeyProvider;
  readonly #current: string;

  constructor(provider: KeyProvider, current: string) {
    this.#provider = provider;
    this.#current = current;
  }

  /** The key for new values, if it was already fetched. */
  get ready(): VersionedKey | undefined {
    const key = this.#known.get(this.#current);
    return key && { version: this.#current, key };
  }

  /** Fetches the current key, so that encrypting is synchronous. */
  async prepare(): Promise<void> {
    await this.find(this.#current);
  }

  /**
   * @throws LatchkeyError `encryption-key-missing` if there is no key of that version; StoreUnavailableError if the
   * provider failed.
   */
  async find(version: string): Promise<Uint8Array> {
    const known = this.#known.get(version);
    if (known !== undefined) return known;
    const key = checked(version, await this.#ask(version));
    this.#known.set(version, key);
    return key;
  }

  async #ask(version: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#provider(version);
    } catch (cause) {
      throw new StoreUnavailableError('The function keys failed to return an encryption key. Try again.', { cause });
    }
  }
}

function checked(version: string, key: Uint8Array | undefined): Uint8Array {
  const name = JSON.stringify(version);
  if (key === undefined) {
    throw new LatchkeyError('encryption-key-missing', `There is no encryption key of version ${name}. Add it to keys.`);
  }
  if (!(key instanceof Uint8Array) || key.length !== keyLength) {
    throw new LatchkeyError('option-invalid', `The encryption key of version ${name} must be ${keyLength} bytes.`);
  }
  return key;
}
