/**
 * The decision of a `recover` hook in the audit: written down before it is carried out, as a person's is.
 *
 * @module
 */

import type { Operation, Recovery } from '../operation.ts';
import type { Claimed, Owner } from '../store.ts';
import { Audit } from './audit.ts';
import { type AuditEntry, decisionDigest, tokenDigest } from './audit-entry.ts';
import type { AuditTools } from './own-record.ts';

/** What a hook decided about a record that it was asked about. */
export interface HookDecision {
  readonly operation: Operation;
  /** The owner of the takeover claim under which the hook was asked. */
  readonly owner: Owner;
  readonly claimed: Claimed;
  readonly recovery: Exclude<Recovery, { decision: 'leave' }>;
}

/** Writes the outcome of the decision to the audit. Never rejects: a decision that was carried out can't be undone. */
export type Conclude = (event: 'applied' | 'stale') => Promise<void>;

const noBytes = new Uint8Array();
const who = 'recover hook';
const saysNothing = 'The hook gave no reason.';
const maxWhy = 2_000;

function entryOf({ operation, owner, claimed, recovery }: HookDecision, decisionId: string): Omit<AuditEntry, 'event'> {
  const { operationId, attempt, policy } = claimed;
  const { decision: kind } = recovery;
  const bytes = kind === 'respond' ? recovery.result.bytes : noBytes;
  return {
    atMs: 0,
    decisionId,
    id: owner.id,
    by: 'hook',
    who,
    why:
      String(recovery.why ?? '')
        .trim()
        .slice(0, maxWhy) || saysNothing,
    token: tokenDigest(owner.token),
    decision: { kind, digest: decisionDigest(kind, bytes) },
    record: { operation: operation.name, operationId, attempt, policy },
  };
}

/**
 * Writes a hook's decision to the audit.
 *
 * @returns a function that writes the outcome. If the outcome is missing, the process died or the store did not answer.
 * @throws StoreUnavailableError if the entry can't be written: the decision must not be carried out then.
 */
export async function auditHookDecision(tools: AuditTools, decision: HookDecision): Promise<Conclude> {
  const { clock, random } = tools.runtime;
  const audit = new Audit(tools);
  const entry = entryOf(decision, random.uuid());
  const write = (event: AuditEntry['event']) => audit.write(entry.id, () => ({ ...entry, event, atMs: clock.now() }));
  await write('decided');
  // Each failed call was reported to the observer; `unfinished` shows the decision without its outcome.
  return (event) => write(event).then(noop, noop);
}

function noop(): void {}
