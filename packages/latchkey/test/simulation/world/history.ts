/** All events of one world in order, for the checker and for printing. */

import type { AfterFailure } from '../../../src/core/store.ts';

/** The members that identify a request. */
export interface Asked {
  /** Principal, route and key: within a scope one key is one operation. */
  readonly scope: string;
  readonly payload: string;
}

/** The result of a request, at a client or in the network. */
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
  /** The handler threw outside of the engine. */
  | 'threw';

/** A worker is about to send an answer. */
export interface Answered extends Asked {
  readonly type: 'answered';
  readonly request: number;
  readonly worker: string;
  readonly kind: AnswerKind;
  /** The state of the record, if the handler ran for this request. */
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
  /** True if a completer runs it without a client. */
  readonly byCompleter?: boolean;
}

/** An execution ended or was aborted. */
export interface Stopped {
  readonly type: 'aborted' | 'ended';
  readonly execution: number;
  /** The result, `threw`, or the reason of the abort. */
  readonly how: string;
}

/** A step's or transaction's function began, or its value was returned to the handler. */
export interface Stepped {
  readonly type: 'ran' | 'returned';
  readonly execution: number;
  readonly operationId: string;
  readonly name: string;
  readonly value?: string;
}

/** The handler enters a transaction, whose database fences it, or leaves it. */
interface Handed {
  readonly type: 'entered' | 'left';
  readonly execution: number;
}

/** The provider charged, or returned an earlier charge. */
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
  /** The claim saved the request for a completer. */
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

/** A row of a committed transaction. */
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

/** An audit entry was written. */
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

/** A recipient got a message of the outbox. */
export interface Received {
  readonly type: 'received';
  readonly who: string;
  readonly id: string;
  readonly operationId: string;
  readonly name: string;
}

/** A fault of a worker or a clock. */
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

/** An event and its time. */
export type Timed = SimEvent & { readonly atMs: number };

/** The history of one world. */
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

/** One line per event; equal histories give equal text. */
export function printed(events: readonly Timed[]): string {
  return events.map(line).join('');
}

function line({ atMs, type, ...rest }: Timed): string {
  const headers = Object.entries(rest).filter(([, value]) => value !== undefined);
  return `${atMs.toFixed(3).padStart(12)} ${type}${headers.map(([name, value]) => ` ${name}=${value}`).join('')}\n`;
}
