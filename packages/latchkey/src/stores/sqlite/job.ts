/**
 * One call that waits for its turn in the queue, and for the commit that makes its result true.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { messageOf } from './client.ts';
import { isFull } from './errors.ts';

/** What a call does when its turn comes. */
export interface Work<T> {
  /** Runs inside a write transaction; one that it shares with other calls, unless it runs `alone`. */
  write(nowMs: number): T;
  /** Answers from a plain reading, if that is enough; undefined if it isn't. */
  read?(nowMs: number): { readonly result: T } | undefined;
  /** Whether reading first is likely to be enough. */
  readonly readFirst?: boolean;
  /** Called when the result of `write` has been committed, before the caller is answered. */
  committed?(result: T): void;
  /** It gets a transaction of its own, and ends that itself. */
  readonly alone?: boolean;
}

/** What the queue sees of a call. */
export interface Job {
  readonly alone: boolean;
  readonly readFirst: boolean;
  /** When waiting for another's lock ends, on the monotonic clock. */
  readonly deadlineMs: number;
  /** Runs the call; its result is kept until `answer`. */
  write(nowMs: number): void;
  /** Keeps an answer from a reading; false if the call has to write. */
  read(nowMs: number): boolean;
  /** Gives the caller what was kept. */
  answer(): void;
  /** Tells the caller that the store could not do it. */
  fail(error: LatchkeyError): void;
}

interface Caller<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

class QueuedWork<T> implements Job {
  readonly alone: boolean;
  readonly readFirst: boolean;
  readonly deadlineMs: number;
  readonly #work: Work<T>;
  readonly #caller: Caller<T>;
  #answer: () => void = () => {};

  constructor(work: Work<T>, deadlineMs: number, caller: Caller<T>) {
    this.alone = work.alone ?? false;
    this.readFirst = work.readFirst ?? false;
    this.deadlineMs = deadlineMs;
    this.#work = work;
    this.#caller = caller;
  }

  write(nowMs: number): void {
    this.#keepFault(() => {
      const result = this.#work.write(nowMs);
      this.#answer = () => {
        this.#work.committed?.(result);
        this.#caller.resolve(result);
      };
    });
  }

  read(nowMs: number): boolean {
    return this.#keepFault(() => {
      const found = this.#work.read?.(nowMs);
      if (found !== undefined) this.#answer = () => this.#caller.resolve(found.result);
      return found !== undefined;
    });
  }

  answer(): void {
    this.#answer();
  }

  fail(error: LatchkeyError): void {
    this.#caller.reject(error);
  }

  /** A record that can't be read is this caller's trouble alone; anything else is the whole group's. */
  #keepFault<R>(run: () => R): R | true {
    try {
      return run();
    } catch (error) {
      if (!this.alone && !isUnreadable(error)) throw error;
      this.#answer = () => this.#caller.reject(error);
      return true;
    }
  }
}

/** Makes a job of `work` that answers `caller`. */
export function makeJob<T>(work: Work<T>, deadlineMs: number, caller: Caller<T>): Job {
  return new QueuedWork(work, deadlineMs, caller);
}

/** The error that a caller gets for an error of SQLite. */
export function unavailable(cause: unknown): LatchkeyError {
  if (cause instanceof LatchkeyError) return cause;
  return new StoreUnavailableError(`SQLite failed: ${messageOf(cause)}`, { cause, full: isFull(cause) });
}

function isUnreadable(error: unknown): boolean {
  return error instanceof LatchkeyError && error.code === 'record-unreadable';
}
