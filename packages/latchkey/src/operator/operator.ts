/**
 * Creates the operator of a store.
 *
 * @module
 */

import { Audit, keepEntriesFor, type LogPage, type LogRequest } from '../core/audit/audit.ts';
import { type AuditEntry, tokenDigest } from '../core/audit/audit-entry.ts';
import { derivedKey } from '../core/support/digest.ts';
import type { Decision } from './decision.ts';
import { type Applied, Decisions, type Proposed } from './decisions.ts';
import { erasePrincipal } from './erase.ts';
import { findByReference, listRecords, type RecordEntryPage, type RecordListRequest } from './listing.ts';
import { type OperatorOptions, type OperatorSettings, operatorSettings } from './options.ts';
import type { Person } from './person.ts';
import { openProposals, unfinishedDecisions } from './proposals.ts';
import { type RecordDetails, shownRequest, shownResult, shownSteps } from './record-details.ts';
import { isOwn, recordEntry } from './record-entry.ts';
import { look } from './tools.ts';

/** A person's approval or withdrawal of a proposal. */
export interface ProposalAct extends Person {
  /** The proposal's id, as returned by `resolve` and listed by `show`. */
  readonly proposal: string;
}

/**
 * Lists lapsed records and decides about them. Every method throws `store-unavailable` if the store gives no answer
 * within ten seconds.
 */
export interface Operator {
  /**
   * Lists records in one state, without bodies and step results.
   *
   * @throws LatchkeyError `option-invalid`.
   */
  list(request: RecordListRequest): Promise<RecordEntryPage>;
  /** Returns one record with its step results and its audit; undefined if it does not exist. */
  show(id: string): Promise<RecordDetails | undefined>;
  /**
   * Like `show`, for the reference from an error answer or an event, such as `4T0V9M2KXQ7H`. It reads the store's
   * records, 1,000 per call, lapsed ones first and completed ones last, so finding a completed record in a large store
   * takes a while.
   */
  find(reference: string): Promise<RecordDetails | undefined>;
  /**
   * Returns the key that a step of this name sends downstream, to search for at the provider. Needed for steps that
   * `list` and `show` don't contain, since they were neither saved nor marked as begun.
   */
  idempotencyKey(operationId: string, step: string): string;
  /**
   * Carries out a decision on a lapsed record. With `approvals: 2` it only proposes it, and `approve` carries it out.
   *
   * @param token - the record's token from `list` or `show`, which identifies the claim that this person saw.
   * @throws LatchkeyError `resolution-stale` (the record is no longer lapsed under this token), `resolution-unclear`,
   * `decision-unfit`, `value-invalid`, `option-invalid`.
   * @example
   * ```ts
   * await people.resolve(id, token, { response: { status: 201, body: charge } }, { who: 'ann', why: 'Charged: ch_1.' })
   * ```
   */
  resolve(id: string, token: string, decision: Decision, by: Person): Promise<Applied | Proposed>;
  /**
   * Approves and carries out another person's proposal.
   *
   * @throws LatchkeyError `approval-by-proposer`, `proposal-missing` (it was never made, has lapsed, was withdrawn or
   * carried out), `resolution-stale`, `resolution-unclear`, `option-invalid`.
   */
  approve(id: string, token: string, by: ProposalAct): Promise<Applied>;
  /**
   * Withdraws a proposal that isn't approved. Anybody may do so.
   *
   * @throws LatchkeyError `proposal-missing`, `option-invalid`.
   */
  withdraw(id: string, token: string, by: ProposalAct): Promise<void>;
  /**
   * Removes all records of a principal, including running ones and proposed answers, but not the audit. Returns their
   * number. The audit has who and why, under the principal's digest. It may take longer than ten seconds, since some
   * stores read all their records.
   *
   * @param principal - its digest, as `principalDigest` of `latchkey/engine` makes it.
   * @throws LatchkeyError `option-invalid`.
   */
  erase(principal: string, by: Person): Promise<number>;
  /** Returns all audit entries of a record, oldest first, even if the record no longer exists. */
  audit(id: string): Promise<readonly AuditEntry[]>;
  /** Returns the audit entries of the whole store, the oldest day first; within a day the order is only approximate. */
  log(request: LogRequest): Promise<LogPage>;
}

async function show(id: string, settings: OperatorSettings, audit: Audit): Promise<RecordDetails | undefined> {
  const { tools, maxAttempts } = settings;
  const [record, entries] = await Promise.all([look(tools, id), audit.of(id)]);
  if (record === undefined || isOwn(record)) return undefined;
  return {
    ...recordEntry(record, maxAttempts),
    steps: shownSteps(record),
    ...shownResult(record),
    ...shownRequest(record),
    audit: entries,
    proposals: openProposals(entries, tokenDigest(record.token), tools.runtime.clock.now()),
    unfinished: unfinishedDecisions(entries),
  };
}

/**
 * Creates an operator of a store. It needs no extra table: its audit consists of records in the same store.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const people = operator({ store, approvals: 2 })
 * const { records } = await people.list({ state: 'lapsed', limit: 50 })
 * ```
 */
export function operator(options: OperatorOptions): Operator {
  const settings = operatorSettings(options);
  keepEntriesFor(settings.tools.store, settings.auditRetentionMs);
  const audit = new Audit(settings.tools);
  const decisions = new Decisions(settings, audit);
  return {
    list: (request) => listRecords(settings.tools, settings.maxAttempts, request),
    show: (id) => show(id, settings, audit),
    find: async (reference) => {
      const id = await findByReference(settings.tools, reference);
      return id === undefined ? undefined : show(id, settings, audit);
    },
    idempotencyKey: derivedKey,
    resolve: (id, token, decision, by) => decisions.resolve({ id, token }, decision, by),
    approve: (id, token, by) => decisions.approve({ id, token }, by?.proposal, by),
    withdraw: (id, token, by) => decisions.withdraw({ id, token }, by?.proposal, by),
    erase: (principal, by) => erasePrincipal(settings.tools, audit, principal, by),
    audit: (id) => audit.of(id),
    log: (request) => audit.log(request),
  };
}
