/**
 * The stored form of a record: one string, whose layout is in `scripts/record.lua`. The client writes the record of a
 * first claim itself; scripts make every later change.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Claimed, ClaimOutcome, ClaimRequest, SavedSteps, StoredResult } from '../../core/store.ts';
import type { Entry, Phase } from '../record/entry.ts';
import { decodeSteps } from '../record/step-blob.ts';
import type { Argument } from './clients/wire.ts';
import { notARecord, unreadable } from './errors.ts';

const versions = { plain: 1, withRequest: 2 } as const;
const phases: readonly Phase[] = ['held', 'open', 'completed'];
const flagBits = { rerun: 1, tookOver: 2, abandoned: 4, tombstone: 8, bySet: 16 } as const;

/** Offsets of the numbers and of the first text. */
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

/** Token, fingerprint, operation id, principal, operation. */
const textCount = 5;

/** First attempt, no steps: the bytes between the lease's end and the token. */
const firstCounts = '\0\0\0\x01\0\0\0\0';

/** Durations are stored as six bytes of seven bits, which keeps the record ASCII: clients send ASCII without a copy. */
const durationBits = [35, 28, 21, 14, 7, 0].map((bits) => 2 ** bits);
const durationLimit = 2 ** 42;

/**
 * Replaces the lease's end, which follows from the key's expiry: a time in the far future, for older releases. The
 * last two bytes are the record's length in seven bits each if the short completion script may be used.
 */
const farAway = '\x7f'.repeat(4);
const anyLength = '\x7f'.repeat(2);
const longestOfShort = 2 ** 14 - 2;

/** A longer record is left to the script, whose arguments are checked one by one. */
const longestRecord = 20_000;

const noSteps: SavedSteps = new Map();

/** Most claims of a server have the same durations, so their text is cached. */
let knownDurations = { leaseMs: Number.NaN, unresolvedRetentionMs: Number.NaN, text: '' };

/** The value that SET writes for a first claim; undefined if a duration or a text does not fit, so that the script has to claim. */
export function newRecord(request: ClaimRequest): Argument | undefined {
  const durations = durationsText(request);
  if (durations === undefined) return undefined;
  const { token, fingerprint, operationId, principal, operation, policy, request: asked } = request;
  const texts = field(token) + field(fingerprint) + field(operationId) + field(principal) + field(operation);
  const length = at.fields + texts.length;
  if (length > longestRecord) return undefined;
  const version = asked === undefined ? versions.plain : versions.withRequest;
  const flags = flagBits.bySet + (policy === 'rerun' ? flagBits.rerun : 0);
  const head = `LK${String.fromCharCode(version, 0, flags)}${durations}${farAway}`;
  const record = head + (length > longestOfShort ? anyLength : sevenBits(length)) + firstCounts + texts;
  // If everything is ASCII, lengths included, every character is one byte.
  if (asked === undefined && Buffer.byteLength(record) === length) return record;
  return inBytes(head + anyLength + firstCounts, [token, fingerprint, operationId, principal, operation], asked);
}

/** The outcome of a claim that found nothing. */
export function created({ operationId, policy }: ClaimRequest): Claimed {
  return { outcome: 'claimed', attempt: 1, operationId, steps: noSteps, policy, tookOver: false };
}

/** The lifetime of the record of a first claim in milliseconds, unless it is changed. */
export function lifeMs({ leaseMs, unresolvedRetentionMs }: ClaimRequest): number {
  return leaseMs + unresolvedRetentionMs;
}

function durationsText({ leaseMs, unresolvedRetentionMs }: ClaimRequest): string | undefined {
  const known = knownDurations;
  if (known.leaseMs === leaseMs && known.unresolvedRetentionMs === unresolvedRetentionMs) return known.text;
  if (!isDuration(leaseMs) || !isDuration(unresolvedRetentionMs)) return undefined;
  const text = durationText(unresolvedRetentionMs) + durationText(leaseMs);
  knownDurations = { leaseMs, unresolvedRetentionMs, text };
  return text;
}

function isDuration(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms < durationLimit;
}

function durationText(ms: number): string {
  return String.fromCharCode(...durationBits.map((unit) => Math.floor(ms / unit) % 128));
}

function sevenBits(length: number): string {
  return String.fromCharCode(length >> 7, length & 127);
}

function field(text: string): string {
  return String.fromCharCode(text.length >> 8, text.length & 255) + text;
}

function inBytes(head: string, texts: readonly string[], asked: Uint8Array | undefined): Buffer {
  const pieces: Uint8Array[] = [Buffer.from(head, 'latin1')];
  for (const text of texts) pieces.push(withLength(Buffer.from(text), 2));
  if (asked !== undefined) pieces.push(withLength(asked, 4));
  return Buffer.concat(pieces);
}

function withLength(bytes: Uint8Array, lengthBytes: 2 | 4): Buffer {
  const whole = Buffer.allocUnsafe(lengthBytes + bytes.byteLength);
  whole.writeUIntBE(bytes.byteLength, 0, lengthBytes);
  whole.set(bytes, lengthBytes);
  return whole;
}

/** A record in the reply of a script. */
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
  const { texts, textsEnd } = textsOf(bytes);
  const [token = '', fingerprint = '', operationId = '', principal = '', operation = ''] = texts;
  const hasRequest = bytes[at.version] === versions.withRequest;
  const stepsStart = hasRequest ? endOfText(bytes, textsEnd, 4) : textsEnd;
  const stepsEnd = stepsStart + bytes.readUInt32BE(at.stepsLength);
  const flags = bytes.readUInt8(at.flags);
  return {
    id,
    token,
    fingerprint,
    operationId,
    principal,
    operation,
    policy: flags & flagBits.rerun ? 'rerun' : 'refuse',
    createdAtMs: bytes.readUIntBE(at.created, 6),
    attempt: bytes.readUInt32BE(at.attempt),
    phase,
    abandoned: (flags & flagBits.abandoned) !== 0,
    tookOver: (flags & flagBits.tookOver) !== 0,
    leaseEndsAtMs: bytes.readUIntBE(at.leaseEnd, 6),
    expiresAtMs,
    changedAtMs: bytes.readUIntBE(at.changed, 6),
    steps: stepsEnd > stepsStart ? decodeSteps(bytes.subarray(stepsStart, stepsEnd), unreadable) : undefined,
    result: phase === 'completed' ? resultOf(bytes, stepsEnd) : undefined,
    request: hasRequest ? new Uint8Array(bytes.subarray(textsEnd + 4, stepsStart)) : 'none',
  };
}

function textsOf(bytes: Buffer): { readonly texts: readonly string[]; readonly textsEnd: number } {
  const texts: string[] = [];
  let textsEnd = at.fields;
  while (texts.length < textCount) {
    const start = textsEnd + 2;
    textsEnd = endOfText(bytes, textsEnd, 2);
    texts.push(bytes.toString('utf8', start, textsEnd));
  }
  return { texts, textsEnd };
}

/** Whether a value is marked as a completed record; {@link completedOf} checks the rest. */
export function isCompleted(bytes: Buffer): boolean {
  return bytes[at.version] === versions.plain && phases[bytes[at.phase] ?? 0] === 'completed';
}

/**
 * The outcome of a claim that finds a completed record; reads only what it needs.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function completedOf(bytes: Buffer): ClaimOutcome {
  if (phaseOf(bytes) !== 'completed') throw unreadable('a record has an unknown state');
  const tokenEnd = endOfText(bytes, at.fields, 2);
  const fingerprintEnd = endOfText(bytes, tokenEnd, 2);
  const operationIdEnd = endOfText(bytes, fingerprintEnd, 2);
  const operationEnd = endOfText(bytes, endOfText(bytes, operationIdEnd, 2), 2);
  return {
    outcome: 'completed',
    fingerprint: bytes.toString('utf8', tokenEnd + 2, fingerprintEnd),
    result: resultOf(bytes, operationEnd + bytes.readUInt32BE(at.stepsLength)),
    operationId: bytes.toString('utf8', fingerprintEnd + 2, operationIdEnd),
    completedAtMs: bytes.readUIntBE(at.changed, 6),
  };
}

function phaseOf(bytes: Buffer): Phase {
  const isRecord = bytes.length > at.fields && bytes[0] === 0x4c && bytes[1] === 0x4b && isVersion(bytes[at.version]);
  const phase = isRecord ? phases[bytes.readUInt8(at.phase)] : undefined;
  if (phase === undefined) throw notARecord();
  return phase;
}

function isVersion(byte: number | undefined): boolean {
  return byte === versions.plain || byte === versions.withRequest;
}

/** The end of the text whose length, of two or four bytes, is at `start`. */
function endOfText(bytes: Buffer, start: number, lengthBytes: 2 | 4): number {
  const textStart = start + lengthBytes;
  const isThere = textStart <= bytes.length;
  const length = lengthBytes === 2 && isThere ? bytes.readUInt16BE(start) : isThere ? bytes.readUInt32BE(start) : 0;
  if (!isThere || textStart + length > bytes.length) throw unreadable('a text is cut short');
  return textStart + length;
}

/** The bytes are copied, since a reply is a view of a larger receive buffer, which would be kept in memory with them. */
function resultOf(bytes: Buffer, start: number): StoredResult {
  if (start > bytes.length) throw unreadable('a result is cut short');
  const kind = bytes.readUInt8(at.flags) & flagBits.tombstone ? 'tombstone' : 'value';
  return { kind, bytes: new Uint8Array(bytes.subarray(start)) };
}
