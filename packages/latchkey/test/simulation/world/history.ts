/** Everything that happened in one world, in order: what the checker judges, and what a replay prints. */

import type { AfterFailure } from '../../../src/core/store.ts';

/** Whom and what a request is for. */
export interface Asked {
  /** Principal, route and key: within a scope one key is one operation. */
  readonly scope: string;
  readonly payload: string;
}

/** What a client, or the network in its stead, made of a request's answer. */
export type AnswerKind =
  /** The handler ran for this request. */
  | 'executed'
  | 'replay'
  /** Replayed without its body. */
  | 'tombstone'
  | 'mismatch'
  | 'in-progress'
  | 'outcome-unknown'
  | 'unavailable'
  | 'not-begun'
  | 'unprotected'
  /** The handler threw past the engine. */
  | 'threw';

/** A worker has an answer and is about to send it. */
export interface Answered extends Asked {
  readonly type: 'answered';
  readonly request: number;
  readonly worker: string;
  readonly kind: AnswerKind;
  /** What became of the record, if the handler ran for this request. */
  readonly recorded?: string;
  /** The handler's answer, if it is one. */
  readonly body?: string;
}

/** A client sent a request. */
export interface Sent extends Asked {
  readonly type: 'sent';
  readonly request: number;
  /** True if it was sent after all faults had ended. */
  readonly final: boolean;
}

/** A handler began, on a claim. */
export interface Began extends Asked {
  readonly type: 'began';
  readonly request: number;
  readonly execution: number;
  readonly worker: string;
  /** The token of the claim, or undefined if the worker has none. */
  readonly token: string | undefined;
  readonly operationId: string;
  readonly attempt: number;
  /** A completer runs it, and no client waits. */
  readonly byCompleter?: boolean;
}

/** An execution came to its end, or learned that it must stop. */
export interface Stopped {
  readonly type: 'aborted' | 'ended';
  readonly execution: number;
  /** The decision, `threw`, or the reason of the abort. */
  readonly how: string;
}

/** A step's or transaction's function began to run, or its value came back to the handler. */
export interface Stepped {
  readonly type: 'ran' | 'returned';
  readonly execution: number;
  readonly operationId: string;
  readonly name: string;
  readonly value?: string;
}

/** The handler hands itself over to the database, which fences it; and gets control back. */
interface Handed {
  readonly type: 'entered' | 'left';
  readonly execution: number;
}

/** The provider downstream charged, or gave an earlier charge again. */
export interface Charged {
  readonly type: 'charged';
  readonly operationId: string;
  readonly scope: string;
  readonly name: string;
  readonly idempotencyKey: string;
  readonly charge: string;
  readonly isNew: boolean;
}

/** The store applied a call. */
export interface Applied {
  readonly type: 'applied';
  readonly method: string;
  readonly worker: string;
  readonly record: string;
  readonly token: string;
  readonly outcome: string;
  readonly storeMs: number;
  readonly attempt?: number;
  readonly operationId?: string;
  readonly tookOver?: boolean;
  /** The claim brought the request along, for a completer. */
  readonly savesRequest?: boolean;
  readonly steps?: number;
  readonly policy?: AfterFailure;
  readonly fingerprint?: string;
  readonly name?: string;
  readonly retentionMs?: number;
  /** The answer that was stored, if it is a handler's. */
  readonly body?: string;
  readonly maxAttempts?: number;
  readonly takeover?: string;
}

/** A row that a transaction left in the database. */
export interface Row {
  readonly type: 'row';
  readonly operationId: string;
  readonly name: string;
  readonly execution: number;
}

/** A `recover` hook decided. */
export interface Recovered {
  readonly type: 'recovered';
  readonly worker: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly decision: string;
}

/** The audit got a line. */
export interface Audited {
  readonly type: 'audited';
  readonly who: string;
  readonly record: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly what: string;
  readonly decision: string;
  readonly kind: string;
}

/** Somebody outside got a message of the outbox. */
export interface Received {
  readonly type: 'received';
  readonly who: string;
  readonly id: string;
  readonly operationId: string;
  readonly name: string;
}

/** Something was done to a worker, or to a clock. */
interface Happened {
  readonly type: 'crashed' | 'froze' | 'thawed' | 'awake' | 'started' | 'draining' | 'clock' | 'outage' | 'message';
  readonly who: string;
  readonly what?: string;
}

export type SimEvent =
  | Answered
  | Sent
  | Began
  | Stopped
  | Stepped
  | Handed
  | Charged
  | Applied
  | Row
  | Recovered
  | Audited
  | Received
  | Happened;

/** An event and its moment. */
export type Timed = SimEvent & { readonly atMs: number };

/** The record of one world. */
export class History {
  readonly events: Timed[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(event: SimEvent): void {
    this.events.push({ atMs: this.#now(), ...event });
  }
}

/** One line an event; the same history gives the same bytes. */
export function printed(events: readonly Timed[]): string {
  return events.map(line).join('');
}

function line({ atMs, type, ...rest }: Timed): string {
  const headers = Object.entries(rest).filter(([, value]) => value !== undefined);
  return `${atMs.toFixed(3).padStart(12)} ${type}${headers.map(([name, value]) => ` ${name}=${value}`).join('')}\n`;
}
