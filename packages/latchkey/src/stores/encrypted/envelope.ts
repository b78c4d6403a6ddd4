/**
 * The encrypted form of a value: AES-256-GCM with a key derived for its record, bound to its place.
 *
 * ```
 * 0xEC | format 1 | length of key version | key version | nonce, 12 bytes | ciphertext | tag, 16 bytes
 * ```
 *
 * @module
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomFillSync } from 'node:crypto';
import { joinParts } from '../../core/support/digest.ts';
import { unreadableIn } from '../shared/unreadable.ts';

const algorithm = 'aes-256-gcm';
const magic = 0xec;
const format = 1;
const nonceLength = 12;
const tagLength = 16;

/** The place of a value. An encrypted value that is moved to another place cannot be decrypted there. */
export interface Place {
  readonly id: string;
  readonly operationId: string;
  readonly kind: 'value' | 'tombstone' | 'step' | 'request' | 'message';
  /** The step's or message's name, or the request's fingerprint; empty otherwise. */
  readonly name: string;
}

/** A master key and the version that names it. */
export interface VersionedKey {
  readonly version: string;
  readonly key: Uint8Array;
}

function recordKey(master: Uint8Array, { id, operationId }: Place): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, id, joinParts(['latchkey record', operationId]), 32));
}

function boundTo({ id, operationId, kind, name }: Place): Uint8Array {
  return Buffer.from(joinParts([id, operationId, kind, name]));
}

/** Encrypts with the given key. */
export function seal(place: Place, { version, key }: VersionedKey, plain: Uint8Array): Uint8Array {
  const nonce = randomFillSync(Buffer.allocUnsafe(nonceLength));
  const cipher = createCipheriv(algorithm, recordKey(key, place), nonce).setAAD(boundTo(place));
  const name = Buffer.from(version);
  const head = Buffer.from([magic, format, name.length]);
  return Buffer.concat([head, name, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

const unreadable = unreadableIn('encrypted');

/** The version of the key that a value was encrypted with. */
export function keyVersionOf(sealed: Uint8Array): string {
  const length = sealed[2] ?? 0;
  const isWhole = sealed.length >= 3 + length + nonceLength + tagLength;
  if (sealed[0] !== magic || sealed[1] !== format || !isWhole)
    throw unreadable('a value is not encrypted in a format that this version can read');
  return Buffer.from(sealed.subarray(3, 3 + length)).toString();
}

/**
 * Decrypts a value.
 *
 * @throws LatchkeyError `record-unreadable` if it was changed, or encrypted for another place or with another key.
 */
export function open(place: Place, master: Uint8Array, sealed: Uint8Array): Uint8Array {
  const start = 3 + (sealed[2] ?? 0);
  const nonce = sealed.subarray(start, start + nonceLength);
  const decipher = createDecipheriv(algorithm, recordKey(master, place), nonce).setAAD(boundTo(place));
  decipher.setAuthTag(sealed.subarray(-tagLength));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(start + nonceLength, -tagLength)), decipher.final()]);
  } catch (cause) {
    throw unreadable('a value was changed, or belongs to another record or key', { cause });
  }
}
