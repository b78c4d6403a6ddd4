/**
 * The record of a first claim, which needs no script: SET NX GET PX writes it, or gives what is there. The layout is in
 * `scripts/value.lua`; the times follow from the key's expiry, which goes by the server's clock.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { ClaimRequest } from '../../core/store.ts';
import type { Argument } from './clients/wire.ts';
import { flagBits, versions } from './row.ts';

/** Durations stand in six bytes of seven bits, which keeps a record ASCII: clients send that without a copy. */
const durationBits = [35, 28, 21, 14, 7, 0].map((bits) => 2 ** bits);
const durationLimit = 2 ** 42;

/** Of a lease that no process which doesn't know this form takes for over: it is for those to read alone. */
const leaseEnd = '\x7f'.repeat(6);
const firstAttempt = '\0\0\0\x01';
const noSteps = '\0\0\0\0';

/** A longer one is left to the script, whose arguments are checked one by one. */
const longestRecord = 20_000;

/** Undefined where a duration or a text is none that fits here: then a script claims. */
export function newRecord(request: ClaimRequest): Argument | undefined {
  const { leaseMs, unresolvedRetentionMs, request: asked } = request;
  if (!isDuration(leaseMs) || !isDuration(unresolvedRetentionMs)) return undefined;
  const head = headOf(request) + durationText(unresolvedRetentionMs) + durationText(leaseMs);
  const { token, fingerprint, operationId, principal, operation } = request;
  const texts = [token, fingerprint, operationId, principal, operation];
  let record = head + leaseEnd + firstAttempt + noSteps;
  for (const text of texts) record += lengthText(text.length) + text;
  if (record.length > longestRecord) return undefined;
  // With ASCII alone, lengths included, every character is a byte.
  if (asked === undefined && Buffer.byteLength(record) === record.length) return record;
  return inBytes(record.slice(0, headLength), texts, asked);
}

/** How long the record of a first claim is there, in milliseconds, unless somebody changes it. */
export function lifeMs({ leaseMs, unresolvedRetentionMs }: ClaimRequest): number {
  return leaseMs + unresolvedRetentionMs;
}

const headLength = 31;

function isDuration(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms < durationLimit;
}

function headOf({ policy, request }: ClaimRequest): string {
  const version = request === undefined ? versions.plain : versions.withRequest;
  return `LK${String.fromCharCode(version, 0, flagBits.bySet + (policy === 'rerun' ? flagBits.rerun : 0))}`;
}

function durationText(ms: number): string {
  return String.fromCharCode(...durationBits.map((unit) => Math.floor(ms / unit) % 128));
}

function lengthText(length: number): string {
  return String.fromCharCode(length >> 8, length & 255);
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
