/**
 * Encryption at rest for any store: AES-256-GCM under a key derived for each record, bound to the record, its
 * operation and the step, with keys that rotate.
 *
 * @example
 * ```ts
 * import { encryptedStore } from 'latchkey/encrypted'
 * const store = encryptedStore(sqliteStore({ database: 'data/latchkey.db' }), {
 *   currentKey: '2026-11', keys: { '2026-11': key, '2026-05': olderKey },
 * })
 * const guard = idempotency({ store, principal, fingerprint: { secrets: [secret] } })
 * ```
 * @module
 */

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore, Store, TransactionKind } from '../../core/store.ts';
import { EncryptedStore } from './encrypted-store.ts';
import { type KeyProvider, KeyRing } from './key-ring.ts';
import { type EncryptionOptions, encryptionTable } from './options.ts';

export type { KeyProvider } from './key-ring.ts';
export type { EncryptionOptions } from './options.ts';

/**
 * Wraps a store and encrypts answers and step results. The wrapped store sees ids and principals as digests, the
 * operation's name (method and path), times and encrypted bytes, but never a key, a body or a payload. The fingerprint
 * is a digest of the payload, so the guard requires `fingerprint.secrets`.
 *
 * A missing key, or a value that was changed or moved to another record, is an error and never causes a rerun.
 * Encryption adds 31 bytes and the version's name to a value.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid` at once; calls throw `encryption-key-missing`,
 * `record-unreadable`, `store-unavailable` (the key provider failed).
 */
export function encryptedStore<Kind extends TransactionKind = never>(
  store: OperatorStore<Kind>,
  options: EncryptionOptions,
): OperatorStore<Kind>;
export function encryptedStore<Kind extends TransactionKind = never>(
  store: Store<Kind>,
  options: EncryptionOptions,
): Store<Kind>;
export function encryptedStore<Kind extends TransactionKind>(
  store: Store<Kind>,
  options: EncryptionOptions,
): Store<Kind> {
  const { currentKey, keys } = readOptions('encryptedStore', encryptionTable, options);
  const provider: KeyProvider =
    typeof keys === 'function' ? keys : (version) => (Object.hasOwn(keys, version) ? keys[version] : undefined);
  // The wrapper passes transactions through; only what they save is encrypted.
  return new EncryptedStore(
    store as Store<TransactionKind>,
    new KeyRing(provider, currentKey),
  ) as Store<TransactionKind> as Store<Kind>;
}
