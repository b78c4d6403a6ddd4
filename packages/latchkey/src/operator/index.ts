/**
 * For operators of a store: lists lapsed records with their progress and downstream keys, and applies decisions with an
 * audit.
 *
 * ```ts
 * const people = operator({ store })
 * const { records } = await people.list({ state: 'lapsed', limit: 50 })
 * ```
 *
 * @module
 */

export type { LogPage, LogRequest } from '../core/audit/audit.ts';
export type {
  AuditEntry,
  AuditEvent,
  AuditedRecord,
  DecisionSummary,
  RefusalReason,
} from '../core/audit/audit-entry.ts';
export type { RequestContent } from '../http/request/saved-request.ts';
export type { Decision } from './decision.ts';
export type { Applied, Proposed } from './decisions.ts';
export type { RecordEntryPage, RecordListRequest } from './listing.ts';
export { type Operator, operator, type ProposalAct } from './operator.ts';
export type { OperatorOptions } from './options.ts';
export type { Person } from './person.ts';
export type { Proposal } from './proposals.ts';
export { type PrincipalSource, principalFrom, type RecordAddress, recordIdOf } from './record-address.ts';
export type { RecordDetails, ShownRequest, ShownResult, ShownStep } from './record-details.ts';
export type { RecordEntry, RecordKind, StepEntry } from './record-entry.ts';
export type { OperatedStore } from './tools.ts';
