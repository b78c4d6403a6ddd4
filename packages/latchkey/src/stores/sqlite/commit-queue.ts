/**
 * Calls at the same time share one commit, so that more requests are served than the disk can sync per second. A group
 * consists of the calls of one turn of the event loop.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Connection } from './connection.ts';
import { isBusy, toStoreError } from './errors.ts';

/** Maximum number of calls and milliseconds of a group, so that it does not block the event loop. */
const maxGroup = 128;
const maxGroupMs = 4;

/** Waits for a lock are random, up to a limit that grows from the first to the second of these, in milliseconds. */
const firstWaitMs = 2;
const longestWaitMs = 20;

/** Returned by `read` if reading is not enough for an answer. */
export const mustWrite: unique symbol = Symbol('must write');

/** The work of a call. */
export interface Work<T> {
  /** Runs inside a write transaction, which it shares with other calls unless it runs `alone`. */
  write(nowMs: number): T;
  /** Answers by reading only, if that is enough. */
  read?(nowMs: number): T | typeof mustWrite;
  /** Whether reading is likely to be enough. */
  readonly readFirst?: boolean;
  /** Number of the caller's bytes that `write` stores. */
  readonly bytes?: number;
  /** It gets its own transaction, and ends it itself. */
  readonly alone?: boolean;
  /** Called when the result is final (committed), before the caller gets it. */
  settled?(result: T): void;
}

interface Caller<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}

/** A call that waits for its turn, and then for the commit of its result. */
class Job<T> {
  readonly work: Work<T>;
  /** When waiting for a lock ends, on the monotonic clock. */
  readonly deadlineMs: number;
  readonly #caller: Caller<T>;
  /** The result for the caller. */
  #kept: { readonly result: T } | { readonly error: unknown } | undefined;

  constructor(work: Work<T>, deadlineMs: number, caller: Caller<T>) {
    this.work = work;
    this.deadlineMs = deadlineMs;
    this.#caller = caller;
  }

  write(nowMs: number): void {
    try {
      this.#kept = { result: this.work.write(nowMs) };
    } catch (error) {
      this.#keepError(error);
    }
  }

  /** False if the call has to write. */
  read(nowMs: number): boolean {
    try {
      const result = this.work.read === undefined ? mustWrite : this.work.read(nowMs);
      if (result === mustWrite) return false;
      this.#kept = { result };
    } catch (error) {
      this.#keepError(error);
    }
    return true;
  }

  answer(): void {
    const kept = this.#kept;
    if (kept === undefined) throw new TypeError('A call is answered after it ran.');
    if ('error' in kept) this.#caller.reject(kept.error);
    else {
      this.work.settled?.(kept.result);
      this.#caller.resolve(kept.result);
    }
  }

  fail(error: LatchkeyError): void {
    this.#caller.reject(error);
  }

  /** An unreadable record fails this call only; any other error fails the whole group. */
  #keepError(error: unknown): void {
    const isUnreadable = error instanceof LatchkeyError && error.code === 'record-unreadable';
    if (!this.work.alone && !isUnreadable) throw error;
    this.#kept = { error };
  }
}

/** The calls on one connection, in order. */
export class CommitQueue {
  readonly #connection: Connection;
  readonly #runtime: Runtime;
  readonly #lockTimeoutMs: number;
  #jobs: Job<unknown>[] = [];
  #state: 'idle' | 'scheduled' | 'waiting' = 'idle';
  #waits = 0;
  #closing = false;
  #whenIdle: (() => void)[] = [];

  constructor(connection: Connection, runtime: Runtime, lockTimeoutMs: number) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** Runs `work` in turn; settles when its writes are durable. */
  run<T>(work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closing) return reject(new StoreUnavailableError('The SQLite store was closed.'));
      const deadlineMs = this.#runtime.clock.monotonic() + this.#lockTimeoutMs;
      this.#jobs.push(new Job(work, deadlineMs, { resolve, reject }));
      if (this.#state === 'idle') this.#callTurn();
    });
  }

  /** Refuses new calls; resolves when all earlier calls have been answered. */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      if (this.#state === 'idle') resolve();
      else this.#whenIdle.push(resolve);
    });
  }

  #turn(): void {
    const group = this.#takeGroup();
    let left: readonly Job<unknown>[] = [];
    try {
      left = group[0]?.work.alone ? this.#runAlone(group[0]) : this.#runGroup(group);
    } catch (error) {
      for (const job of group) job.fail(toStoreError(error));
    }
    if (left.length > 0) this.#jobs = [...left, ...this.#jobs];
    if (this.#waits > 0) this.#dropOverdue();
    if (this.#jobs.length === 0) this.#rest();
    else if (this.#waits > 0) this.#wait();
    else this.#callTurn();
  }

  #callTurn(): void {
    this.#state = 'scheduled';
    setImmediate(() => this.#turn());
  }

  #rest(): void {
    this.#waits = 0;
    this.#state = 'idle';
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #takeGroup(): readonly Job<unknown>[] {
    const end = this.#jobs.findIndex((job, index) => job.work.alone || index === maxGroup);
    return this.#jobs.splice(0, end === 0 ? 1 : end === -1 ? this.#jobs.length : end);
  }

  /** Runs a transaction that ends itself; returns the remaining calls. */
  #runAlone(job: Job<unknown>): readonly Job<unknown>[] {
    if (!this.#begin()) return [job];
    job.write(this.#runtime.clock.now());
    job.answer();
    return [];
  }

  #runGroup(group: readonly Job<unknown>[]): readonly Job<unknown>[] {
    const waiting = this.#waits > 0;
    const writers = group.some((job) => job.work.readFirst || waiting) ? this.#readFirst(group, waiting) : group;
    if (writers.length === 0) this.#waits = 0;
    if (writers.length === 0 || !this.#begin()) return writers;
    const written = this.#write(writers);
    this.#connection.commit(
      written.length,
      written.reduce((sum, { work }) => sum + (work.bytes ?? 0), 0),
    );
    for (const job of written) job.answer();
    return writers.slice(written.length);
  }

  /** Answers the calls that reading can answer; returns the others. */
  #readFirst(group: readonly Job<unknown>[], all: boolean): readonly Job<unknown>[] {
    const answered = new Set<Job<unknown>>();
    const nowMs = this.#runtime.clock.now();
    const isFree = this.#unlessBusy(() =>
      this.#connection.reading(() => {
        for (const job of group) if ((all || job.work.readFirst) && job.read(nowMs)) answered.add(job);
      }),
    );
    if (!isFree) return group;
    for (const job of answered) job.answer();
    return group.filter((job) => !answered.has(job));
  }

  #write(jobs: readonly Job<unknown>[]): readonly Job<unknown>[] {
    const { clock } = this.#runtime;
    const [nowMs, startMs] = [clock.now(), clock.monotonic()];
    const written: Job<unknown>[] = [];
    try {
      for (const job of jobs) {
        job.write(nowMs);
        written.push(job);
        if (clock.monotonic() - startMs > maxGroupMs) break;
      }
    } catch (error) {
      this.#connection.rollback();
      throw error;
    }
    return written;
  }

  #begin(): boolean {
    const isFree = this.#unlessBusy(() => this.#connection.begin());
    if (isFree) this.#waits = 0;
    return isFree;
  }

  #unlessBusy(attempt: () => void): boolean {
    try {
      attempt();
      return true;
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.#waits += 1;
      return false;
    }
  }

  #wait(): void {
    this.#state = 'waiting';
    const { timers, random } = this.#runtime;
    const ceilingMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (this.#waits - 1));
    timers.set(() => this.#turn(), 1 + random.fraction() * ceilingMs);
  }

  #dropOverdue(): void {
    const nowMs = this.#runtime.clock.monotonic();
    this.#jobs = this.#jobs.filter((job) => {
      if (job.deadlineMs > nowMs) return true;
      job.fail(new StoreUnavailableError('Another connection has locked the SQLite file.'));
      return false;
    });
  }
}
