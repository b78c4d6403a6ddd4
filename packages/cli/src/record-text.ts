/**
 * A record's life as text.
 *
 * @module
 */

import type { AuditEntry, RecordDetails, RecordEntry, ShownRequest, StepEntry } from 'latchkey/operator';
import type { Output } from './invocation.ts';
import { table } from './terminal/table.ts';
import { bytesAsText, printable, styled } from './terminal/text.ts';
import { moment } from './terminal/times.ts';

/** Where and when the text is read, and what it may contain. */
export interface View {
  readonly stdout: Output;
  readonly nowMs: number;
  /** Whether to show the request and the results of steps. */
  readonly showBody: boolean;
}

const meanings: Readonly<Record<RecordEntry['state'], string>> = {
  running: 'a worker holds it',
  lapsed: 'its worker died or hung; the outcome is unknown',
  open: 'the next request with the key runs',
  completed: 'every retry gets the stored answer',
};

/** The record's members, times and steps. */
export function describeRecord(record: RecordDetails, extraSteps: readonly StepEntry[], view: View): string[] {
  return [
    styled(view.stdout, 'bold', `Record ${record.reference}`),
    ...table(membersOf(record, view.nowMs), '  '),
    ...describeSteps(record, extraSteps, view),
    ...describeRequest(record.request, view),
    ...describeAudit(record.audit, view),
  ];
}

function membersOf(record: RecordDetails, nowMs: number): string[][] {
  const { leaseEndsAtMs, result } = record;
  const stuck = record.stuck ? '; stuck: no worker takes it over again' : '';
  const unreadable = record.unreadable ? [['unreadable', 'its encryption key is missing, or it was changed']] : [];
  return [
    ['operation', printable(record.operation)],
    ['state', `${record.state}: ${meanings[record.state]}${stuck}`],
    ['policy', record.policy],
    ['attempts', String(record.attempt)],
    ['created', moment(record.createdAtMs, nowMs)],
    ...(leaseEndsAtMs === undefined
      ? []
      : [[leaseEndsAtMs > nowMs ? 'lease ends' : 'lease ended', moment(leaseEndsAtMs, nowMs)]]),
    ['changed', moment(record.changedAtMs, nowMs)],
    ['expires', moment(record.expiresAtMs, nowMs)],
    ...(result === undefined ? [] : [['answer', describeResult(result)]]),
    ['principal', printable(record.principal)],
    ['operation id', printable(record.operationId)],
    ['claim', printable(record.token)],
    ['id', printable(record.id)],
    ...unreadable,
  ];
}

function describeResult({ kind, status, bytes, reference }: NonNullable<RecordDetails['result']>): string {
  if (kind === 'tombstone') return 'was too large to keep; retries get an error that says so';
  const size = `${bytes} bytes as stored`;
  const what = status === undefined ? size : `status ${status}, ${size}`;
  return reference === undefined ? what : `${what}, a reference in place of the body`;
}

function describeSteps(record: RecordDetails, extraSteps: readonly StepEntry[], view: View): string[] {
  const saved = record.steps.map((step) => ({ ...step, state: 'saved' }));
  const begun = record.begun.map((step) => ({ ...step, state: 'begun' }));
  const asked = extraSteps.map((step) => ({ ...step, state: '?' }));
  const all = [...saved, ...begun, ...asked];
  if (all.length === 0) return ['', 'No step was saved. For the key that a step sends: --step NAME'];
  const rows = all.map(({ name, state, idempotencyKey }) => [printable(name), state, idempotencyKey]);
  return [
    '',
    styled(view.stdout, 'bold', 'Steps: search for these keys at the systems that they call'),
    ...table([['STEP', 'STATE', 'KEY'], ...rows], '  '),
    ...(view.showBody ? describeValues(record) : []),
  ];
}

function describeValues({ steps }: RecordDetails): string[] {
  return steps.flatMap(({ name, value, unreadable }) => [
    `  ${printable(name)}:`,
    `    ${unreadable ? '(unreadable)' : printable(textOf(value))}`,
  ]);
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? bytesAsText(value) : (JSON.stringify(value) ?? String(value));
}

function describeRequest(request: ShownRequest | undefined, view: View): string[] {
  if (request === undefined) return [];
  const head = ['', styled(view.stdout, 'bold', 'Request')];
  if (!view.showBody) return [...head, '  saved; to see it: --show-body'];
  switch (request.kind) {
    case 'http': {
      const { method, target, headers, body } = request;
      const lines = headers.map(([name, value]) => `  ${printable(name)}: ${printable(value)}`);
      return [...head, `  ${printable(method)} ${printable(target)}`, ...lines, '', ...indented(bytesAsText(body))];
    }
    case 'function':
      return [...head, `  ${printable(textOf(request.input))}`];
    case 'other':
      return [...head, ...indented(bytesAsText(request.bytes))];
    case 'unreadable':
      return [...head, '  (unreadable)'];
  }
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

function describeAudit(audit: readonly AuditEntry[], view: View): string[] {
  if (audit.length === 0) return [];
  const rows = audit.map(({ atMs, event, who, why, decision, record }) => [
    new Date(atMs).toISOString(),
    record === undefined ? '' : String(record.attempt),
    event,
    decision === undefined ? '' : [decision.kind, decision.status].join(' ').trim(),
    printable(who),
    printable(why),
  ]);
  return [
    '',
    styled(view.stdout, 'bold', 'Decisions'),
    ...table([['TIME', 'ATTEMPT', 'EVENT', 'DECISION', 'WHO', 'WHY'], ...rows], '  '),
  ];
}
