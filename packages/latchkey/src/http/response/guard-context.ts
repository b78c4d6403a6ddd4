/**
 * The context that a handler behind a guard gets: the engine's, with answers in place of bytes.
 *
 * @module
 */

import type { StepFetchOptions } from '../../client/step-fetch.ts';
import type { Context, FinalWrite, Jsonify, StepTools } from '../../core/context.ts';
import { LatchkeyError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { TransactionKind } from '../../core/store.ts';
import { chain } from '../../core/support/thenable.ts';
import type { PlainResponse } from '../exchange.ts';
import type { HttpContext } from '../layer.ts';
import type { Answer } from '../options.ts';
import { unsendable } from '../plain-response.ts';
import { readAnswer } from './answer.ts';
import { isResponse } from './fetch-response.ts';
import { encodeResponse, finalWrite } from './snapshot.ts';
import { fetchStep } from './step-answer.ts';

type EngineFinish = (fn: (handle: unknown) => FinalWrite | Promise<FinalWrite>) => Promise<void>;
type GivenAnswer = Answer | Response;
type AnswerFunction = (handle: unknown) => GivenAnswer | PromiseLike<GivenAnswer>;

/** What a context needs beside the engine's. */
export interface ContextParts<Finished> {
  readonly route: { readonly maxResponseBytes: number };
  /** Times the calls of `fetch`. */
  readonly runtime?: Runtime | undefined;
  readonly handling: {
    /** Told of the answer that `finish` committed. */
    finished(response: PlainResponse): Finished;
  };
}

/** A store whose transactions are synchronous sees the reading of a Response as a promise that the function returned. */
function explained(error: unknown): unknown {
  if (!(error instanceof LatchkeyError && error.code === 'transaction-asynchronous')) return error;
  return unsendable(
    'finish was given a Response, whose body is read asynchronously, and SQLite is synchronous; return { status, headers, body }',
  );
}

/** What became of one run, besides its response. */
export class GuardContext<Finished> {
  /** What the handler said about its answer. */
  overruled: 'keep' | 'release' | undefined;
  /** The answer that `finish` committed. */
  answer: PlainResponse | undefined;
  readonly #context: Context<TransactionKind>;
  readonly #parts: ContextParts<Finished>;

  constructor(context: Context<TransactionKind>, parts: ContextParts<Finished>) {
    this.#context = context;
    this.#parts = parts;
  }

  get operationId(): string {
    return this.#context.operationId;
  }

  get attempt(): number {
    return this.#context.attempt;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  idempotencyKey(name: string): string {
    return this.#context.idempotencyKey(name);
  }

  step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T): Promise<Jsonify<T>> {
    return this.#context.step(name, fn);
  }

  fetch(
    name: string,
    input: string | URL | Request,
    init?: RequestInit,
    options?: StepFetchOptions,
  ): Promise<Response> {
    return fetchStep(this.#context, { name, input, init, options }, this.#parts.runtime);
  }

  transaction(name: string, fn: (handle: unknown) => unknown): Promise<unknown> {
    const run: (name: string, fn: (handle: unknown) => unknown) => Promise<unknown> = this.#context.transaction.bind(
      this.#context,
    );
    return run(name, fn);
  }

  enqueue(handle: unknown, name: string, payload: unknown): void | Promise<void> {
    return this.#context.enqueue(handle, name, payload);
  }

  async finish(fn: AnswerFunction): Promise<Finished> {
    let response: PlainResponse | undefined;
    let isFetched = false;
    const write = (made: PlainResponse): FinalWrite => {
      response = made;
      return finalWrite(encodeResponse(made), this.#parts.route.maxResponseBytes);
    };
    const read = (answer: GivenAnswer): FinalWrite | Promise<FinalWrite> => {
      isFetched = isResponse(answer);
      return chain(readAnswer(answer), write);
    };
    const commit: EngineFinish = this.#context.finish.bind(this.#context);
    try {
      await commit((handle) => chain(fn(handle), read));
    } catch (error) {
      throw isFetched ? explained(error) : error;
    }
    this.answer = response;
    return this.#parts.handling.finished(response as PlainResponse);
  }

  keep(): void {
    this.overruled = 'keep';
  }

  release(): void {
    this.overruled = 'release';
  }
}

/** The typed face of a context: its transactions are those of the guard's store. */
export function typedContext<Kind extends TransactionKind, Finished>(
  context: GuardContext<Finished>,
): HttpContext<Kind, Finished> {
  return context as HttpContext<TransactionKind, Finished> as HttpContext<Kind, Finished>;
}
