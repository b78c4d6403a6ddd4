/**
 * The worker's side of a lease: renews the lease while the handler runs, keeps its own deadline on the monotonic clock
 * (measured from before each claim or renewal was sent), and signals the handler when it has lost the record.
 *
 * @module
 */

import { LeaseLostError } from '../errors.ts';
import type { Operation } from '../operation.ts';
import type { Owner, RenewRequest, Store, TransactionKind } from '../store.ts';
import { Due, type DueTimer } from '../support/due-timer.ts';
import { type CallTools, callBefore } from '../support/store-call.ts';
import { clockedSignal } from './clocked-signal.ts';
import { abandonRecord } from './running-attempts.ts';

/** Why a lease ended before the handler did. */
export type LeaseEnd = 'taken-over' | 'deadline' | 'max-run' | 'shutdown';

const reasons: Record<LeaseEnd, string> = {
  'taken-over': 'Another worker or an operator has taken this record. Stop.',
  deadline: 'The lease could not be renewed in time. Stop.',
  'max-run': 'It ran longer than maxRunMs or the platform allows. Stop.',
  shutdown: 'The server is shutting down. Stop.',
};

const over = 'This run has ended. No further step can begin.';

/** A write is tried for at least this long, even if the lease's deadline is near or past. */
const leastWriteMs = 5_000;

/** The same if the platform is about to stop the process: the answer must be sent before that. */
const leastWriteBeforeStopMs = 500;

/** How long before the end of a lease a worker stops, to give the handler time to react to its signal. */
export function safetyMarginMs(leaseMs: number): number {
  return Math.min(leaseMs / 10, 1_000);
}

/** When the caller of an operation ends, on the monotonic clock; Infinity if it doesn't. */
export function endOf({ caller }: Operation): number {
  return caller?.endsAt ?? Number.POSITIVE_INFINITY;
}

/** The parts of the engine that a lease needs. */
interface LeaseTools extends CallTools {
  readonly store: Pick<Store<TransactionKind>, 'renew' | 'abandon'>;
  readonly timer: DueTimer;
}

/**
 * The lease of one claim. The engine's timer watches it from construction; {@link Lease.stop} must be called at the
 * end.
 */
export class Lease extends Due {
  /** Set once the lease has ended early. */
  end: LeaseEnd | undefined;
  /** When the engine's timer must check it. */
  override dueAt: number;
  readonly #tools: LeaseTools;
  readonly #operation: Operation;
  readonly #owner: Owner;
  readonly #maxRunAt: number;
  #deadline: number;
  /** How many transactions are running, and how many were begun. */
  #suspensions = 0;
  #begun = 0;
  /** How many renewals have had no answer. The store may apply them at any time and undo a transaction's extension. */
  #unanswered = 0;
  /** How many renewals were sent. */
  #sent = 0;
  /** The deadline that the running transactions set if they commit. */
  #extendedTo = 0;
  #concluding = false;
  #stopped = false;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;

  /** @param claimedAt - time on the monotonic clock when the claim was sent. */
  constructor(tools: LeaseTools, operation: Operation, owner: Owner, claimedAt: number) {
    super();
    const { leaseMs, maxRunMs } = operation.settings;
    this.#tools = tools;
    this.#operation = operation;
    this.#owner = owner;
    this.#deadline = deadlineFrom(claimedAt, leaseMs);
    this.#maxRunAt = Math.min(claimedAt + maxRunMs, endOf(operation));
    this.dueAt = Math.min(claimedAt + leaseMs / 3, this.#maxRunAt);
    tools.timer.add(this);
  }

  /**
   * The worker's own deadline, on the monotonic clock. While a transaction locks the record, other writes wait for it
   * and may be repeated as long as it runs.
   */
  get deadline(): number {
    return this.#suspensions > 0 ? Math.max(this.#deadline, this.#extendedTo) : this.#deadline;
  }

  /**
   * The deadline for repeating a write that begins now: the later of the lease's deadline and five seconds from now, but
   * not long after the end of the caller. Read it once per write: renewals continue meanwhile and would keep moving the
   * deadline while the store refuses the write.
   */
  writeDeadline(): number {
    const now = this.#tools.runtime.clock.monotonic();
    const deadline = Math.max(this.deadline, now + leastWriteMs);
    return Math.min(deadline, Math.max(endOf(this.#operation), now + leastWriteBeforeStopMs));
  }

  /** Created on first access; most handlers never use it. Reading it checks the clock. */
  get signal(): AbortSignal {
    if (this.end === undefined) this.#checkClock();
    if (this.#signal === undefined) {
      this.#controller = new AbortController();
      if (this.end !== undefined) this.#controller.abort(new LeaseLostError(reasons[this.end]));
      else if (this.#stopped) this.#controller.abort(new LeaseLostError(over));
      this.#signal = clockedSignal(this.#controller, () => {
        if (this.end === undefined) this.#checkClock();
      });
    }
    return this.#signal;
  }

  /**
   * Throws if the worker may no longer act. Checks the clock, since the timers of a frozen process do not fire. Work
   * that a handler left running, such as steps concurrent with one that threw, must begin nothing once the record is
   * released.
   */
  assertHeld(): void {
    if (!this.isHeld) throw new LeaseLostError(this.end === undefined ? over : reasons[this.end]);
  }

  /** Whether the worker may still act. */
  get isHeld(): boolean {
    if (this.end === undefined) this.#checkClock();
    return this.end === undefined && !this.#stopped && !this.#concluding;
  }

  /** Ends the lease early: aborts the signal and stops renewal. */
  lose(end: LeaseEnd): void {
    if (this.#stopped || this.end !== undefined) return;
    this.end = end;
    this.#tools.timer.delete(this);
    this.#controller?.abort(new LeaseLostError(reasons[end]));
    const { id, name, caller } = this.#operation;
    this.#tools.emit?.({ type: 'lease-lost', id, operation: name, reason: end }, caller);
    // The rest of the lease leaves the handler time to react, but the process may not live that long.
    if (this.#tools.runtime.clock.monotonic() < endOf(this.#operation)) return;
    const abandoned = abandonRecord({ operation: this.#operation, owner: this.#owner, tools: this.#tools });
    this.#operation.caller?.waitUntil?.(abandoned);
  }

  /** Runs a transaction, which extends the lease itself. Heartbeats pause, since the record is locked meanwhile. */
  async suspend<T>(extendedMs: number, work: () => Promise<T>): Promise<T> {
    const startedAt = this.#tools.runtime.clock.monotonic();
    const extendedTo = deadlineFrom(startedAt, extendedMs);
    const sentBefore = this.#unanswered === 0 ? this.#sent : undefined;
    this.#extendedTo = Math.max(this.#extendedTo, extendedTo);
    this.#suspensions += 1;
    this.#begun += 1;
    try {
      const done = await work();
      // A concurrent transaction may have sent a renewal, which waited for this transaction's lock.
      if (this.#sent === sentBefore) this.#deadline = Math.max(this.#deadline, extendedTo);
      else await this.#renewAfter(startedAt);
      return done;
    } finally {
      this.#suspensions -= 1;
      // The transaction may have failed and the lease ended meanwhile: the handler must know before it continues.
      if (this.end === undefined) this.#checkClock();
    }
  }

  /** An earlier renewal may have undone the transaction's extension: a new renewal settles it. */
  async #renewAfter(startedAt: number): Promise<void> {
    const sentAt = this.#tools.runtime.clock.monotonic();
    if (await this.#tryRenew(sentAt)) return;
    this.#deadline = Math.max(this.#deadline, deadlineFrom(startedAt, this.#operation.settings.leaseMs));
  }

  /**
   * Called when the handler is done and its answer is being stored: a renewal that finds the record completed is then
   * no loss.
   *
   * @returns the deadline for repeating the write.
   */
  conclude(): number {
    this.#concluding = true;
    return this.writeDeadline();
  }

  /** Stops renewal: the work is over. */
  stop(): void {
    this.#stopped = true;
    this.#tools.timer.delete(this);
  }

  #checkClock(): void {
    const now = this.#tools.runtime.clock.monotonic();
    if (now >= this.#maxRunAt) this.lose('max-run');
    else if (now >= this.#deadline && this.#suspensions === 0) this.lose('deadline');
  }

  /** When the worker must next check the clock, at most `mostMs` from now. */
  #dueIn(mostMs: number): number {
    const due = this.#suspensions > 0 ? this.#maxRunAt : Math.min(this.#maxRunAt, this.#deadline);
    return Math.min(this.#tools.runtime.clock.monotonic() + mostMs, due);
  }

  #schedule(delayMs: number): void {
    this.dueAt = this.#dueIn(delayMs);
    this.#tools.timer.moved(this);
  }

  override due(): void {
    this.#checkClock();
    if (this.end !== undefined) return;
    if (this.#suspensions > 0) {
      this.#schedule(this.#operation.settings.leaseMs / 3);
    } else {
      // The timer watches the time limit of the renewal meanwhile.
      this.dueAt = Number.POSITIVE_INFINITY;
      const renewed = this.#renew();
      this.#operation.caller?.waitUntil?.(renewed);
    }
  }

  async #renew(): Promise<void> {
    const { leaseMs } = this.#operation.settings;
    const isOwned = await this.#tryRenew(this.#tools.runtime.clock.monotonic());
    if (!this.#stopped && this.end === undefined) this.#schedule(isOwned ? leaseMs / 3 : leaseMs / 20);
  }

  async #tryRenew(sentAt: number): Promise<boolean> {
    const { name, settings } = this.#operation;
    const renewedTo = deadlineFrom(sentAt, settings.leaseMs);
    const begun = this.#begun;
    // A transaction may have extended the lease further; a renewal shortens it, even if its answer is lost.
    this.#deadline = Math.min(this.#deadline, renewedTo);
    try {
      // A renewal without an answer must not hide the deadline.
      const owned = await callBefore(this.#tools, this.#dueIn(settings.leaseMs / 3), () => this.#send());
      // If a transaction began meanwhile, it is unknown which of the two the store applied last.
      if (owned && this.#begun === begun) this.#deadline = renewedTo;
      if (!owned && this.#suspensions === 0 && !this.#concluding) this.lose('taken-over');
      return owned;
    } catch (error) {
      this.#tools.emit?.({ type: 'store-error', operation: name, during: 'renew', error });
      return false;
    }
  }

  async #send(): Promise<boolean> {
    const { leaseMs, unresolvedRetentionMs } = this.#operation.settings;
    const request: RenewRequest = { ...this.#owner, leaseMs, unresolvedRetentionMs };
    this.#unanswered += 1;
    this.#sent += 1;
    const owned = await this.#tools.store.renew(request);
    this.#unanswered -= 1;
    return owned;
  }
}

function deadlineFrom(sentAt: number, leaseMs: number): number {
  return sentAt + leaseMs - safetyMarginMs(leaseMs);
}
