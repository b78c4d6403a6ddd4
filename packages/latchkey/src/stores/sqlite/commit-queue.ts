/**
 * Calls that come together share one commit, so that a disk that syncs a few thousand times a second serves more
 * requests than that. A group is what has gathered in one turn of the event loop.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Connection } from './connection.ts';
import { isBusy } from './errors.ts';
import { type Job, makeJob, unavailable, type Work } from './job.ts';

/** A group ends after so many calls, or so many milliseconds, so that it does not block the event loop. */
const maxGroup = 128;
const maxGroupMs = 4;

/** Waits for another's lock grow from the first to the second, in milliseconds, and are drawn at random below that. */
const firstWaitMs = 2;
const longestWaitMs = 20;

/** The calls on one connection, in the order in which they were made. */
export class CommitQueue {
  readonly #connection: Connection;
  readonly #runtime: Runtime;
  readonly #lockTimeoutMs: number;
  #jobs: Job[] = [];
  #state: 'idle' | 'scheduled' | 'waiting' = 'idle';
  #waits = 0;
  #closing = false;
  #whenIdle: (() => void)[] = [];

  constructor(connection: Connection, runtime: Runtime, lockTimeoutMs: number) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** Runs `work` when its turn comes; settles when what it did is durable. */
  run<T>(work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closing) return reject(new StoreUnavailableError('The SQLite store was closed.'));
      const deadlineMs = this.#runtime.clock.monotonic() + this.#lockTimeoutMs;
      this.#jobs.push(makeJob(work, deadlineMs, { resolve, reject }));
      if (this.#state === 'idle') this.#callTurn();
    });
  }

  /** Refuses new calls, and resolves when those before it have been answered. */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      if (this.#state === 'idle') resolve();
      else this.#whenIdle.push(resolve);
    });
  }

  #turn(): void {
    const group = this.#takeGroup();
    let left: readonly Job[] = [];
    try {
      left = group[0]?.alone ? this.#runAlone(group[0]) : this.#runGroup(group);
    } catch (error) {
      for (const job of group) job.fail(unavailable(error));
    }
    if (left.length > 0) this.#jobs = [...left, ...this.#jobs];
    this.#goOn();
  }

  #goOn(): void {
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
    for (const tell of this.#whenIdle.splice(0)) tell();
  }

  #takeGroup(): readonly Job[] {
    const end = this.#jobs.findIndex((job, index) => job.alone || index === maxGroup);
    return this.#jobs.splice(0, end === 0 ? 1 : end === -1 ? this.#jobs.length : end);
  }

  /** Runs a transaction that ends itself; what is returned is still to be done. */
  #runAlone(job: Job): readonly Job[] {
    if (!this.#begin()) return [job];
    job.write(this.#runtime.clock.now());
    job.answer();
    return [];
  }

  #runGroup(group: readonly Job[]): readonly Job[] {
    const waiting = this.#waits > 0;
    const writers = group.some((job) => job.readFirst || waiting) ? this.#readFirst(group, waiting) : group;
    if (writers.length === 0) this.#waits = 0;
    if (writers.length === 0 || !this.#begin()) return writers;
    const written = this.#write(writers);
    this.#connection.commit();
    for (const job of written) job.answer();
    return writers.slice(written.length);
  }

  /** Answers what a reading can answer; the rest is returned. */
  #readFirst(group: readonly Job[], all: boolean): readonly Job[] {
    const answered = new Set<Job>();
    const nowMs = this.#runtime.clock.now();
    const isFree = this.#unlessBusy(() =>
      this.#connection.reading(() => {
        for (const job of group) if ((all || job.readFirst) && job.read(nowMs)) answered.add(job);
      }),
    );
    if (!isFree) return group;
    for (const job of answered) job.answer();
    return group.filter((job) => !answered.has(job));
  }

  #write(jobs: readonly Job[]): readonly Job[] {
    const { clock } = this.#runtime;
    const [nowMs, startMs] = [clock.now(), clock.monotonic()];
    const written: Job[] = [];
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
      job.fail(new StoreUnavailableError('Another connection holds the lock of the SQLite file.'));
      return false;
    });
  }
}
