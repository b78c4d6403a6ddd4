import { createHash } from 'node:crypto';
import type { ClaimRequest, CompleteRequest, Store } from 'latchkey/store';

/** A store whose table can be filled by copying rows. */
export interface Scaled {
  readonly store: Pick<Store, 'claim' | 'complete'>;
  /** Makes the records from the first number up to, but not including, the last: completed, and optionally expired. */
  fill(from: number, to: number, expired?: boolean): Promise<void>;
  /** Number of expired rows; only if the store itself removes them. */
  countExpired?(): Promise<number>;
  /** Pauses or resumes the store's own sweeps. */
  pauseSweeping?(paused: boolean): void;
  stop(): Promise<void>;
}

/** The record of which all others are copies. */
export const template = -1;

/** Expiry time of the expired records. */
export const expiredAt = 1_000;

/** Number of accounts. */
const principals = 1000;

const day = 86_400_000;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export function idOf(number: number): string {
  return digest(String(number));
}

/** The SQL expression for the account of a record; its digest is the principal. */
export const principalSeed = (number: string) => `(${number} % ${principals}) + 2000000000`;

export function claimOf(number: number, token: string): ClaimRequest {
  const fingerprint = `1.${digest('fingerprint')}`;
  return {
    id: idOf(number),
    token,
    principal: digest(String((Math.abs(number) % principals) + 2_000_000_000)),
    operation: 'POST /v1/charges',
    operationId: crypto.randomUUID(),
    fingerprint,
    acceptable: [fingerprint],
    policy: 'refuse',
    leaseMs: 30_000,
    unresolvedRetentionMs: 30 * day,
    takeover: 'none',
    maxAttempts: 10,
  };
}

export function completionOf(number: number, token: string): CompleteRequest {
  const bytes = Buffer.alloc(400, 'y');
  return { id: idOf(number), token, result: { kind: 'value', bytes }, tombstone: bytes, retentionMs: 30 * day };
}

/** Claims a record and completes it. */
export async function makeRecord(store: Scaled['store'], number: number): Promise<void> {
  const token = crypto.randomUUID();
  await store.claim(claimOf(number, token));
  await store.complete(completionOf(number, token));
}

/** The statement that copies the template with other values in some columns. */
export function copying(columns: readonly string[], changed: Readonly<Record<string, string>>, from: string): string {
  const values = columns.map((column) => changed[column] ?? `t.${column}`);
  return `INSERT INTO latchkey_records (${columns.join(', ')}) SELECT ${values.join(', ')} FROM ${from}`;
}
