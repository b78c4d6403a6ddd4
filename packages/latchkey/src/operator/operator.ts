/**
 * Makes the operator of a store.
 *
 * @module
 */

import { Audit, keepEntriesFor, type LogPage, type LogRequest } from '../core/audit/audit.ts';
import type { AuditEntry } from '../core/audit/audit-entry.ts';
import { tokenDigest } from '../core/audit/audit-entry.ts';
import { derivedKey } from '../core/support/digest.ts';
import type { Decision } from './decision.ts';
import { type Applied, Decisions, type Proposed } from './decisions.ts';
import { findByReference, listRecords, type RecordEntryPage, type RecordListRequest } from './listing.ts';
import { type OperatorOptions, type OperatorSettings, operatorSettings } from './options.ts';
import type { Person } from './person.ts';
import { openProposals, unfinishedDecisions } from './proposals.ts';
import { type RecordDetails, shownRequest, shownResult, shownSteps } from './record-details.ts';
import { isOwn, recordEntry } from './record-entry.ts';
import { look } from './tools.ts';

/** A person's agreement or objection to a proposal. */
export interface ProposalAct extends Person {
  /** As `resolve` gave it, and `show` lists it. */
  readonly proposal: string;
}

/**
 * For the people who look after a store: what lapsed, how far it came, and what becomes of it. Every method throws
 * `store-unavailable` if the store gives no answer within ten seconds.
 */
export interface Operator {
  /** @throws LatchkeyError `option-invalid`. */
  list(request: RecordListRequest): Promise<RecordEntryPage>;
  /** One record with its steps' values and its audit; undefined if there is none. */
  show(id: string): Promise<RecordDetails | undefined>;
  /**
   * The same by the reference that a problem or an event gave, such as `4T0V9M2KXQ7H`. It reads the store's records, 1,000
   * a call, first the lapsed ones, last the completed ones: on a large store, a completed record takes a while.
   */
  find(reference: string): Promise<RecordDetails | undefined>;
  /**
   * The key that a step of this name sends downstream, to search for at the provider; for steps that `list` and `show`
   * can't name, since they were neither saved nor marked.
   */
  idempotencyKey(operationId: string, step: string): string;
  /**
   * Carries a decision out on a lapsed record; with `approvals: 2` it is proposed, and carried out by `approve`.
   *
   * @param token - the one that `list` or `show` gave: the decision is about what this person saw.
   * @throws LatchkeyError `resolution-stale` (the record isn't lapsed under this token any more), `resolution-unclear`,
   * `decision-unfit`, `value-invalid`, `option-invalid`.
   * @example
   * ```ts
   * await people.resolve(id, token, { response: { status: 201, body: charge } }, { who: 'ann', why: 'Charged: ch_1.' })
   * ```
   */
  resolve(id: string, token: string, decision: Decision, by: Person): Promise<Applied | Proposed>;
  /**
   * Carries out a proposal of somebody else.
   *
   * @throws LatchkeyError `approval-by-proposer`, `proposal-missing` (it was never made, has lapsed, was withdrawn or
   * carried out), `resolution-stale`, `resolution-unclear`, `option-invalid`.
   */
  approve(id: string, token: string, by: ProposalAct): Promise<Applied>;
  /**
   * Ends a proposal that isn't approved. Anybody may.
   *
   * @throws LatchkeyError `proposal-missing`, `option-invalid`.
   */
  withdraw(id: string, token: string, by: ProposalAct): Promise<void>;
  /** All that was done to a record, oldest first; also of one that is gone. */
  audit(id: string): Promise<readonly AuditEntry[]>;
  /** All that was done in this store, oldest first by day. */
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
 * The operator of a store. Needs no table of its own: its audit is records of the same store.
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
    audit: (id) => audit.of(id),
    log: (request) => audit.log(request),
  };
}
