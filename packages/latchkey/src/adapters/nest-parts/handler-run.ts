/**
 * The part of a request that belongs to Nest: the interceptor's result, and the handler behind it.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { CallHandler } from '@nestjs/common';
import { EMPTY, finalize, Observable, of, ReplaySubject, type Subscriber, tap, throwError } from 'rxjs';
import { isOutside, type Owner } from '../outer-answer.ts';
import type { HandlerKind } from './routes.ts';

/** An exchange that runs a handler. */
interface Runner extends Owner {
  /** Called with each value that the handler returns. */
  gave(value: unknown): void;
  /** Called when the handler throws, before an exception filter answers. */
  threw(error: unknown): void;
  /** Called when the handler has returned. */
  returned(): void;
}

/** A call of the interceptor. */
export interface NestCall {
  readonly handler: HandlerRun;
  readonly kind: HandlerKind;
  /** Whether the handler resolves a mutation of GraphQL. */
  readonly isMutation: boolean;
  /** The key, if it is not in a header. */
  readonly key: string | undefined;
}

/** The interceptor's result, and the handler behind it. */
export class HandlerRun {
  /** Begins when the guard has let the handler run, or has answered by itself. */
  readonly result: Observable<unknown>;
  readonly #next: CallHandler;
  readonly #kind: HandlerKind;
  #source: Observable<unknown> | undefined;
  #isPassed = false;
  /** The exchange that runs the handler, until it gives a value. */
  #starting: Runner | undefined;
  #waiting: Subscriber<unknown> | undefined;

  constructor(next: CallHandler, kind: HandlerKind) {
    this.#next = next;
    this.#kind = kind;
    this.result = new Observable((subscriber) => {
      if (this.#source !== undefined) return this.#source.subscribe(subscriber);
      this.#waiting = subscriber;
      return undefined;
    });
  }

  /** Runs the handler without the guard. */
  pass(): void {
    this.#isPassed = true;
    this.#begin(this.#next.handle());
  }

  /**
   * Whether a further interceptor of this request is between this one and the handler. Otherwise code before this one,
   * such as `retry`, has subscribed again: it gets the same result, and the handler does not run a second time.
   */
  get surrounds(): boolean {
    return this.#isPassed || (this.#starting !== undefined && !isOutside(this.#starting));
  }

  /** Passes an error to the exception filters. */
  fail(error: unknown): void {
    this.#begin(throwError(() => error));
  }

  /**
   * The guard has answered by itself. The interceptors before it get `undefined`, as from a handler without a return
   * value, so that they can free what they hold. A stream of events has none.
   */
  skip(): void {
    this.#begin(this.#kind.isStream ? EMPTY : of(undefined));
  }

  #begin(source: Observable<unknown>): void {
    this.#source = source;
    if (this.#waiting !== undefined) this.#waiting.add(source.subscribe(this.#waiting));
  }

  /** Runs the handler; resolves when it has returned or thrown. */
  start(runner: Runner): Promise<void> {
    this.#starting = runner;
    const results = this.#next.handle();
    const given = () => {
      this.#starting = undefined;
    };
    return new Promise((resolve) => {
      const settle = (error?: unknown) => {
        given();
        if (error === undefined) runner.returned();
        else runner.threw(error);
        resolve();
      };
      this.#begin(this.#kind.isStream ? streamed(results, given, settle) : detached(results, runner, given, settle));
    });
  }
}

/** Functions of a response that do nothing, as of one that has ended. */
const ended = {
  write: () => true,
  end(this: ServerResponse) {
    return this;
  },
  writeHead(this: ServerResponse) {
    return this;
  },
  flushHeaders: () => {},
  setHeader(this: ServerResponse) {
    return this;
  },
  appendHeader(this: ServerResponse) {
    return this;
  },
  removeHeader: () => {},
};

/** Drops what is written to a response from now on: Nest answers too, once the interceptors have ended. */
export function dropWrites(response: ServerResponse): void {
  Object.assign(response, ended);
}

type Settle = (error?: unknown) => void;

/** Nest ends the events when the client disconnects. */
function streamed(results: Observable<unknown>, given: () => void, settle: Settle): Observable<unknown> {
  return results.pipe(
    tap({ next: given, error: settle }),
    finalize(() => settle()),
  );
}

/**
 * Runs the handler at once, and to its end even if an interceptor before the guard, such as a timeout, waits no longer.
 */
function detached(
  results: Observable<unknown>,
  runner: Runner,
  given: () => void,
  settle: Settle,
): Observable<unknown> {
  const seen = new ReplaySubject<unknown>();
  results.subscribe({
    next: (value) => {
      given();
      runner.gave(value);
      seen.next(value);
    },
    error: (error: unknown) => {
      settle(error);
      seen.error(error);
    },
    complete: () => {
      settle();
      seen.complete();
    },
  });
  return seen;
}
