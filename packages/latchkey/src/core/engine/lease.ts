/**
 * The worker's side of a lease: it renews while the handler runs, counts its own deadline on the monotonic clock
 * from before each claim or renewal was sent, and tells the handler when the record is no longer its own.
 *
 * @module
 */

import { LeaseLostError } from '../errors.ts';
import type { Runtime, TimerHandle } from '../runtime.ts';
import type { OperationSettings } from '../settings.ts';
import type { Owner, RenewRequest, Store, TransactionKind } from '../store.ts';
import { type CallTools, withTimeLimit } from '../support/store-call.ts';
import { clockedSignal } from './clocked-signal.ts';

/** Why a lease ended before its work did. */
export type LeaseEnd = 'taken-over' | 'deadline' | 'max-run' | 'shutdown';

const reasons: Record<LeaseEnd, string> = {
  'taken-over': 'Another worker or an operator has taken this record; stop, and do not act for it any more.',
  deadline: 'The lease could not be renewed in time; another worker may take this record. Stop.',
  'max-run': 'The handler ran longer than maxRunMs; its record lapses. Stop.',
  shutdown: 'The server is shutting down and did not wait any longer. Stop.',
};

const over =
  'This run has ended: its handler has returned or thrown, or its answer is stored. Nothing more begins for it.';

/** However near the lease's deadline is, or however long ago it was, a write is offered to the store for this long. */
const leastWriteMs = 5_000;

/** How long before the end of a lease a worker stops, so that a handler has time to react to its signal. */
export function safetyMarginMs(leaseMs: number): number {
  return Math.min(leaseMs / 10, 1_000);
}

/** What a lease is made from. */
export interface LeaseOptions extends CallTools {
  readonly store: Pick<Store<TransactionKind>, 'renew'>;
  readonly owner: Owner;
  readonly operation: string;
  readonly settings: OperationSettings;
  /** When the claim was sent, on the monotonic clock. */
  readonly claimedAt: number;
}

/** One claim's lease. Started by its constructor; {@link Lease.stop} must be called at the end. */
export class Lease {
  /** Present once the lease has ended early. */
  end: LeaseEnd | undefined;
  readonly #options: LeaseOptions;
  readonly #runtime: Runtime;
  readonly #maxRunAt: number;
  #deadline: number;
  #timer: TimerHandle;
  /** How many transactions are under way, and how many were begun. */
  #suspensions = 0;
  #begun = 0;
  /** How many renewals have had no answer. The store may apply them at any time, over what a transaction extended. */
  #unanswered = 0;
  /** How many renewals were sent. */
  #sent = 0;
  /** The deadline that they bring, if they commit. */
  #extendedTo = 0;
  #concluding = false;
  #stopped = false;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#runtime = options.runtime;
    this.#deadline = this.#deadlineFrom(options.claimedAt, options.settings.leaseMs);
    this.#maxRunAt = options.claimedAt + options.settings.maxRunMs;
    this.#schedule(options.settings.leaseMs / 3);
  }

  /**
   * The worker's own deadline, on the monotonic clock. While a transaction locks the record, other writes wait for it
   * and may be tried for as long.
   */
  get deadline(): number {
    return this.#suspended ? Math.max(this.#deadline, this.#extendedTo) : this.#deadline;
  }

  /**
   * Until when a write that begins now may be repeated: the later of the lease's deadline and five seconds from now. Read
   * it once per write: renewals go on meanwhile, and would move the deadline for as long as the store refuses the write.
   */
  writeDeadline(): number {
    return Math.max(this.deadline, this.#runtime.clock.monotonic() + leastWriteMs);
  }

  /** Created on first access; most handlers never use it. Whoever reads it looks at the clock. */
  get signal(): AbortSignal {
    if (this.end === undefined) this.#checkClock();
    if (this.#signal === undefined) {
      this.#controller = new AbortController();
      if (this.end !== undefined) this.#controller.abort(new LeaseLostError(reasons[this.end]));
      this.#signal = clockedSignal(this.#controller, () => {
        if (this.end === undefined) this.#checkClock();
      });
    }
    return this.#signal;
  }

  /**
   * Throws if the worker may not act any more; looks at the clock, since the timers of a frozen process do not fire. What a
   * handler left running, such as a chain of steps beside one that threw, must begin nothing once its record is let go.
   */
  assertHeld(): void {
    if (this.end === undefined) this.#checkClock();
    if (this.end !== undefined) throw new LeaseLostError(reasons[this.end]);
    if (this.#stopped || this.#concluding) throw new LeaseLostError(over);
  }

  /** Ends the lease early: the signal aborts and renewal stops. */
  lose(end: LeaseEnd): void {
    if (this.#stopped || this.end !== undefined) return;
    this.end = end;
    this.#runtime.timers.clear(this.#timer);
    this.#controller?.abort(new LeaseLostError(reasons[end]));
    const { owner, operation, emit } = this.#options;
    emit?.({ type: 'lease-lost', id: owner.id, operation, reason: end });
  }

  /** Runs a transaction, which extends the lease itself: heartbeats pause, since the record is locked meanwhile. */
  async suspend<T>(extendedMs: number, work: () => Promise<T>): Promise<T> {
    const startedAt = this.#runtime.clock.monotonic();
    const extendedTo = this.#deadlineFrom(startedAt, extendedMs);
    const sentBefore = this.#unanswered === 0 ? this.#sent : undefined;
    this.#extendedTo = Math.max(this.#extendedTo, extendedTo);
    this.#suspensions += 1;
    this.#begun += 1;
    try {
      const done = await work();
      // Another transaction that ran beside this one may have sent a renewal, which waited for this one's lock.
      if (this.#sent === sentBefore) this.#deadline = Math.max(this.#deadline, extendedTo);
      else await this.#renewAfter(startedAt);
      return done;
    } finally {
      this.#suspensions -= 1;
      // It may have come to nothing, and the lease be over meanwhile: the handler must know before it goes on.
      if (this.end === undefined) this.#checkClock();
    }
  }

  /** Whether an earlier renewal undid what the transaction extended is not known: a new one settles it. */
  async #renewAfter(startedAt: number): Promise<void> {
    const sentAt = this.#runtime.clock.monotonic();
    if (await this.#tryRenew(sentAt)) return;
    this.#deadline = Math.max(this.#deadline, this.#deadlineFrom(startedAt, this.#options.settings.leaseMs));
  }

  /** The handler is done and its answer is being stored: a renewal that finds the record completed is no loss. */
  conclude(): void {
    this.#concluding = true;
  }

  /** The work is over; nothing is renewed from here on. */
  stop(): void {
    this.#stopped = true;
    this.#runtime.timers.clear(this.#timer);
  }

  #deadlineFrom(sentAt: number, leaseMs: number): number {
    return sentAt + leaseMs - safetyMarginMs(leaseMs);
  }

  get #suspended(): boolean {
    return this.#suspensions > 0;
  }

  #checkClock(): void {
    const now = this.#runtime.clock.monotonic();
    if (now >= this.#maxRunAt) this.lose('max-run');
    else if (now >= this.#deadline && !this.#suspended) this.lose('deadline');
  }

  /** How long until the worker has to look at the clock, but no longer than `mostMs`. */
  #untilDue(mostMs: number): number {
    const due = this.#suspended ? this.#maxRunAt : Math.min(this.#maxRunAt, this.#deadline);
    return Math.max(Math.min(mostMs, due - this.#runtime.clock.monotonic()), 0);
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#runtime.timers.set(() => this.#tick(), this.#untilDue(delayMs));
  }

  #tick(): void {
    this.#checkClock();
    if (this.end !== undefined) return;
    if (this.#suspended) this.#schedule(this.#options.settings.leaseMs / 3);
    else void this.#renew();
  }

  async #renew(): Promise<void> {
    const { leaseMs } = this.#options.settings;
    const nextMs = (await this.#tryRenew(this.#runtime.clock.monotonic())) ? leaseMs / 3 : leaseMs / 20;
    if (!this.#stopped && this.end === undefined) this.#schedule(nextMs);
  }

  async #tryRenew(sentAt: number): Promise<boolean> {
    const { operation, emit, settings } = this.#options;
    const renewedTo = this.#deadlineFrom(sentAt, settings.leaseMs);
    const begun = this.#begun;
    // A transaction may have extended the lease further; a renewal shortens it, whether or not its answer comes.
    this.#deadline = Math.min(this.#deadline, renewedTo);
    try {
      // A renewal without an answer must not hide the deadline.
      const limitMs = this.#untilDue(settings.leaseMs / 3);
      const owned = await withTimeLimit(this.#runtime, limitMs, this.#send());
      // If a transaction began meanwhile, which of the two the store did last is not known.
      if (owned && this.#begun === begun) this.#deadline = renewedTo;
      if (!owned && !this.#suspended && !this.#concluding) this.lose('taken-over');
      return owned;
    } catch (error) {
      emit?.({ type: 'store-error', operation, during: 'renew', error });
      return false;
    }
  }

  async #send(): Promise<boolean> {
    const { store, owner, settings } = this.#options;
    const { leaseMs, unresolvedRetentionMs } = settings;
    const request: RenewRequest = { ...owner, leaseMs, unresolvedRetentionMs };
    this.#unanswered += 1;
    this.#sent += 1;
    const owned = await store.renew(request);
    this.#unanswered -= 1;
    return owned;
  }
}
