/**
 * Records as the scripts write them (the layout is in `scripts/value.lua`), read.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { ClaimOutcome, StoredResult } from '../../core/store.ts';
import type { Entry, Phase } from '../record/entry.ts';
import { decodeSteps } from '../record/step-blob.ts';
import { unreadable } from './errors.ts';

const magic = Buffer.from('LK');
export const versions = { plain: 1, withRequest: 2 } as const;
const phases: readonly Phase[] = ['held', 'open', 'completed'];
export const flagBits = { rerun: 1, tookOver: 2, abandoned: 4, tombstone: 8, bySet: 16 } as const;

/** Offsets of the numbers, and of the first text. */
const at = {
  version: 2,
  phase: 3,
  flags: 4,
  changed: 5,
  created: 11,
  leaseEnd: 17,
  attempt: 23,
  stepsLength: 27,
  fields: 31,
};

/** What a script gives back of a record. */
export interface RawRecord {
  readonly id: string;
  readonly bytes: Buffer;
  readonly expiresAtMs: number;
}

/**
 * The record in a value.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function entryOf({ id, bytes, expiresAtMs }: RawRecord): Entry {
  const phase = phaseOf(bytes);
  const fields = new Fields(bytes);
  const [token, fingerprint, operationId, principal, operation] = [
    fields.text(),
    fields.text(),
    fields.text(),
    fields.text(),
    fields.text(),
  ];
  const request = bytes.readUInt8(at.version) === versions.withRequest ? fields.long() : undefined;
  const stepsEnd = fields.offset + bytes.readUInt32BE(at.stepsLength);
  const flags = bytes.readUInt8(at.flags);
  return {
    id,
    principal,
    operation,
    operationId,
    policy: flags & flagBits.rerun ? 'rerun' : 'refuse',
    createdAtMs: bytes.readUIntBE(at.created, 6),
    fingerprint,
    token,
    attempt: bytes.readUInt32BE(at.attempt),
    phase,
    abandoned: (flags & flagBits.abandoned) !== 0,
    tookOver: (flags & flagBits.tookOver) !== 0,
    leaseEndsAtMs: bytes.readUIntBE(at.leaseEnd, 6),
    expiresAtMs,
    changedAtMs: bytes.readUIntBE(at.changed, 6),
    steps: stepsEnd > fields.offset ? decodeSteps(bytes.subarray(fields.offset, stepsEnd), unreadable) : undefined,
    result: phase === 'completed' ? resultOf(bytes, stepsEnd) : undefined,
    request: request ?? 'none',
  };
}

/**
 * The answer of a completed record to a claim; reads no more than that needs.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function completedOf(bytes: Buffer): ClaimOutcome {
  if (phaseOf(bytes) !== 'completed') throw unreadable('a record has an unknown state');
  const fields = new Fields(bytes);
  fields.skip();
  const fingerprint = fields.text();
  const operationId = fields.text();
  fields.skip();
  fields.skip();
  const result = resultOf(bytes, fields.offset + bytes.readUInt32BE(at.stepsLength));
  return { outcome: 'completed', fingerprint, result, operationId, completedAtMs: bytes.readUIntBE(at.changed, 6) };
}

/** Whether a value says of itself that it is a completed record; {@link completedOf} finds out whether it is one. */
export function isCompleted(bytes: Buffer): boolean {
  return bytes[at.version] === versions.plain && phases[bytes[at.phase] ?? 0] === 'completed';
}

function phaseOf(bytes: Buffer): Phase {
  const known = bytes.byteLength > at.fields && bytes.indexOf(magic) === 0 && isVersion(bytes.readUInt8(at.version));
  const phase = known ? phases[bytes.readUInt8(at.phase)] : undefined;
  if (phase === undefined) throw unreadable('a value under this key was not written by Latchkey');
  return phase;
}

function isVersion(byte: number): boolean {
  return byte === versions.plain || byte === versions.withRequest;
}

/** The bytes are copied: a reply is part of a larger piece of what came in, which must not live as long as they do. */
function resultOf(bytes: Buffer, start: number): StoredResult {
  if (start > bytes.byteLength) throw unreadable('a result is cut short');
  const kind = bytes.readUInt8(at.flags) & flagBits.tombstone ? 'tombstone' : 'value';
  return { kind, bytes: new Uint8Array(bytes.subarray(start)) };
}

/** Reads the texts one after the other. */
class Fields {
  readonly #bytes: Buffer;
  offset = at.fields;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  text(): string {
    const start = this.offset + 2;
    this.skip();
    return this.#bytes.toString('utf8', start, this.offset);
  }

  /** A copy of the bytes behind a length of four. */
  long(): Uint8Array {
    const start = this.offset + 4;
    this.skip(4);
    return new Uint8Array(this.#bytes.subarray(start, this.offset));
  }

  skip(lengthBytes = 2): void {
    const start = this.offset + lengthBytes;
    const isThere = start <= this.#bytes.byteLength;
    const end = isThere ? start + this.#bytes.readUIntBE(this.offset, lengthBytes) : Number.NaN;
    if (!(end <= this.#bytes.byteLength)) throw unreadable('a text is cut short');
    this.offset = end;
  }
}
