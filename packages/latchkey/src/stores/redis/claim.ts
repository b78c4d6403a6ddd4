/**
 * The arguments and replies of the script `claim.lua`, which claims what SET NX cannot claim.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError } from '../../core/errors.ts';
import type { ClaimOutcome, ClaimRequest } from '../../core/store.ts';
import { claimed } from '../record/claim-entry.ts';
import { type Argument, argumentOf } from './clients/wire.ts';
import { notARecord } from './errors.ts';
import { completedOf, created, entryOf } from './row.ts';

const takeovers = { none: '0', rerun: '1', any: '2' };
const policies = { refuse: 0, rerun: 1 };

/** The outcome codes of the script. */
const codes = { created: 0, claimed: 1, tookOver: 2, again: 3, running: 4, lapsed: 5, otherPayload: 6, superseded: 7 };

/** Added to the policy if the request follows the fingerprint. */
const withRequest = 16;

/** The length of a text is stored in two bytes, and a character takes up to three. */
const longestText = 20_000;

/** See the head of `claim.lua`. */
export function claimArguments(request: ClaimRequest): Argument[] {
  const { token, operationId, principal, operation, fingerprint, request: asked } = request;
  for (const text of [token, operationId, principal, operation, fingerprint]) checkLength(text);
  return [
    String(request.leaseMs),
    String(request.unresolvedRetentionMs),
    takeovers[request.takeover],
    String(request.maxAttempts),
    String(policies[request.policy] + (asked === undefined ? 0 : withRequest)),
    token,
    operationId,
    principal,
    operation,
    fingerprint,
    ...(asked === undefined ? [] : [argumentOf(asked)]),
    ...request.acceptable.filter((other) => other !== fingerprint),
  ];
}

function checkLength(text: string): void {
  if (text.length <= longestText) return;
  throw new LatchkeyError('value-invalid', `Names in the Redis store must be at most ${longestText} characters long.`);
}

/**
 * The outcome in the script's reply.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function claimOutcome(reply: unknown, request: ClaimRequest): ClaimOutcome {
  if (reply === codes.created) return created(request);
  if (reply instanceof Buffer) return completedOf(reply);
  const [code, now, bytes]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (!(bytes instanceof Buffer)) throw notARecord();
  return foundOutcome(Number(code), Number(now), bytes, request.id);
}

/** `bytes` is the record as it was before the claim. */
function foundOutcome(code: number, nowMs: number, bytes: Buffer, id: string): ClaimOutcome {
  const entry = entryOf({ id, bytes, expiresAtMs: 0 });
  const { fingerprint, policy, attempt } = entry;
  switch (code) {
    case codes.claimed:
    case codes.tookOver:
      return claimed({ ...entry, attempt: attempt + 1, tookOver: code === codes.tookOver });
    case codes.again:
      return claimed(entry);
    case codes.running:
      return { outcome: 'running', fingerprint, leaseLeftMs: entry.leaseEndsAtMs - nowMs };
    case codes.lapsed:
      return { outcome: 'lapsed', fingerprint, policy, attempt };
    case codes.otherPayload:
      return { outcome: 'open', fingerprint };
    default:
      return { outcome: 'superseded' };
  }
}
