/**
 * Simulated crashes. A worker crashes at one of its store calls: the call gets no answer, the record lapses, and the
 * worker's token is fenced, so that none of its later calls changes anything.
 *
 * @module
 */

import { setImmediate } from 'node:timers/promises';
import { isStartMark, markedStep } from '../../core/steps/saved-step.ts';
import type {
  AbandonRequest,
  ClaimOutcome,
  ClaimRequest,
  CompleteOutcome,
  Owner,
  SaveStepRequest,
  Store,
  Transacted,
  TransactionKind,
  TransactionOutcome,
  TransactionWrite,
} from '../../core/store.ts';
import { chain } from '../../core/support/thenable.ts';
import { type Gate, gate, pause } from '../adapter-suite/world.ts';

/** A store call at which a worker can crash. `start` is the mark of a step's start. */
export type CrashCall =
  | { readonly kind: 'claim' | 'finish' | 'answer' }
  | { readonly kind: 'start' | 'step' | 'transaction'; readonly step: string };

/** A crash comes before the call is applied, or after it, when its reply is lost. */
export type CrashTime = 'before' | 'after';

/** A crash that was planned. */
export interface PlannedCrash {
  /** Resolves when a worker has crashed and its record has lapsed. */
  readonly happened: Promise<void>;
  cancel(): void;
}

type TimeAt = (call: CrashCall) => CrashTime | undefined;

interface Plan {
  readonly timeAt: TimeAt;
  readonly happened: Gate;
}

interface Crash {
  readonly plan: Plan;
  readonly time: CrashTime;
}

/** A crashed worker waits for the answer of a call, and ends when it learns that it lost its record. */
interface CrashedWorker {
  readonly woken: Gate;
  readonly ended: Gate;
}

/** The function of a transaction, as a store gets it. */
export type TransactionBody<T> = (handle: unknown) => Transacted<T> | Promise<Transacted<T>>;

const lost = { outcome: 'lost' } as const;

/** Thrown in a transaction's function, so that the store rolls the transaction back. */
const beforeCommit = new Error('The worker crashed before the commit (simulated).');

/** A claim waits for another one at most this long, which is less than a guard waits for its claim (2 s by default). */
const overlapMs = 250;

/** A woken worker has this long to end. */
const endMs = 1_000;

/** Turns of the event loop in which a handler may still do something after its worker's last store call. */
const turnsAfterEnd = 4;

/** The crashes of one store's workers, and a record of their calls. */
export class Crashes {
  readonly #store: Pick<Store<TransactionKind>, 'abandon'>;
  /** How to abandon each running attempt, by its token. */
  readonly #running = new Map<string, AbandonRequest>();
  readonly #crashed = new Map<string, CrashedWorker>();
  #plans: readonly Plan[] = [];
  #recorded: CrashCall[] | undefined;
  #overlap: { claims: number; readonly both: Gate } | undefined;

  constructor(store: Pick<Store<TransactionKind>, 'abandon'>) {
    this.#store = store;
  }

  /** Plans a crash of the first worker that makes a call for which `timeAt` returns a time. */
  plan(timeAt: TimeAt): PlannedCrash {
    const plan = { timeAt, happened: gate() };
    this.#plans = [...this.#plans, plan];
    return { happened: plan.happened.passed, cancel: () => this.#remove(plan) };
  }

  /** Returns a list to which the calls of all workers are added from now on, in their order. */
  record(): readonly CrashCall[] {
    const calls: CrashCall[] = [];
    this.#recorded = calls;
    return calls;
  }

  /** Makes the next claim wait for the one after it, so that their requests overlap. */
  overlapClaims(): void {
    this.#overlap = { claims: 0, both: gate() };
  }

  /** Ends the lease of every running attempt. Returns their number. */
  async expireLeases(): Promise<number> {
    const expired = await Promise.all([...this.#running.values()].map((owner) => this.#store.abandon(owner)));
    return expired.filter(Boolean).length;
  }

  /** Tells the crashed workers that they have lost their records, and waits until they have ended. */
  async wake(): Promise<void> {
    const workers = [...this.#crashed.values()];
    for (const { woken } of workers) woken.open();
    const ended = Promise.all(workers.map((worker) => worker.ended.passed));
    if (workers.length > 0) await Promise.race([ended, pause(endMs)]);
    for (let turn = 0; turn < turnsAfterEnd; turn += 1) await setImmediate();
  }

  async claim(request: ClaimRequest, apply: () => Promise<ClaimOutcome>): Promise<ClaimOutcome> {
    await this.#waitForOverlap();
    const { id, token, unresolvedRetentionMs } = request;
    const claim = async () => {
      const outcome = await apply();
      if (outcome.outcome === 'claimed') this.#running.set(token, { id, token, unresolvedRetentionMs });
      return outcome;
    };
    return this.#last(request, { kind: 'claim' }, claim, { outcome: 'superseded' });
  }

  renew(owner: Owner, apply: () => Promise<boolean>): Promise<boolean> {
    return this.#write(owner, undefined, apply, false);
  }

  saveStep(request: SaveStepRequest, apply: () => Promise<boolean>): Promise<boolean> {
    const { name } = request;
    const call = isStartMark(name)
      ? ({ kind: 'start', step: markedStep(name) } as const)
      : ({ kind: 'step', step: name } as const);
    return this.#write(request, call, apply, false);
  }

  /** Which call a transaction is, is known when its function has returned what to save. */
  async transaction<T>(
    owner: Owner,
    body: TransactionBody<T>,
    apply: (body: TransactionBody<T>) => Promise<TransactionOutcome<T>>,
  ): Promise<TransactionOutcome<T>> {
    let call: CrashCall | undefined;
    let crash: Crash | undefined;
    const watched: TransactionBody<T> = (handle) =>
      chain(body(handle), (made) => {
        call = callOf(made.write);
        crash = this.#reach(call);
        if (crash?.time === 'before') throw beforeCommit;
        return made;
      });
    const commit = async () => {
      const outcome = await apply(watched).catch(lostBeforeCommit);
      if (crash !== undefined) await this.#crash(owner, crash);
      else if (call?.kind === 'finish' && outcome.outcome === 'committed') this.#running.delete(owner.token);
      return outcome;
    };
    return this.#write(owner, undefined, commit, lost);
  }

  complete(owner: Owner, apply: () => Promise<CompleteOutcome>): Promise<CompleteOutcome> {
    return this.#end(owner, { kind: 'answer' }, apply, 'lost');
  }

  /** A release or an abandonment. */
  giveUp(owner: Owner, apply: () => Promise<boolean>): Promise<boolean> {
    return this.#end(owner, undefined, apply, false);
  }

  async #end<T>(owner: Owner, call: CrashCall | undefined, apply: () => Promise<T>, lostAnswer: T): Promise<T> {
    const answer = await this.#last(owner, call, apply, lostAnswer);
    this.#running.delete(owner.token);
    return answer;
  }

  /** A call after which a worker that has lost its record makes no other. */
  async #last<T>(owner: Owner, call: CrashCall | undefined, apply: () => Promise<T>, lostAnswer: T): Promise<T> {
    const answer = await this.#write(owner, call, apply, lostAnswer);
    this.#crashed.get(owner.token)?.ended.open();
    return answer;
  }

  /** A call of an owner, who gets `lostAnswer` after a crash, once it is woken. */
  async #write<T>(owner: Owner, call: CrashCall | undefined, apply: () => Promise<T>, lostAnswer: T): Promise<T> {
    let answer = lostAnswer;
    if (!this.#crashed.has(owner.token)) {
      const crash = call && this.#reach(call);
      if (crash?.time !== 'before') answer = await apply();
      if (crash !== undefined) await this.#crash(owner, crash);
    }
    // The worker may have crashed at a concurrent call.
    const worker = this.#crashed.get(owner.token);
    if (worker === undefined) return answer;
    await worker.woken.passed;
    return lostAnswer;
  }

  /** Records a call, and returns the crash that is planned for it. */
  #reach(call: CrashCall): Crash | undefined {
    this.#recorded?.push(call);
    for (const plan of this.#plans) {
      const time = plan.timeAt(call);
      if (time === undefined) continue;
      this.#remove(plan);
      return { plan, time };
    }
    return undefined;
  }

  async #crash({ token }: Owner, { plan }: Crash): Promise<void> {
    this.#crashed.set(token, { woken: gate(), ended: gate() });
    const owner = this.#running.get(token);
    this.#running.delete(token);
    if (owner !== undefined) await this.#store.abandon(owner);
    plan.happened.open();
  }

  #remove(plan: Plan): void {
    this.#plans = this.#plans.filter((other) => other !== plan);
  }

  async #waitForOverlap(): Promise<void> {
    const overlap = this.#overlap;
    if (overlap === undefined) return;
    overlap.claims += 1;
    if (overlap.claims === 1) await Promise.race([overlap.both.passed, pause(overlapMs)]);
    overlap.both.open();
    this.#overlap = undefined;
  }
}

function callOf(write: TransactionWrite): CrashCall {
  return write.kind === 'step' ? { kind: 'transaction', step: write.name } : { kind: 'finish' };
}

function lostBeforeCommit(error: unknown): typeof lost {
  if (error !== beforeCommit) throw error;
  return lost;
}
