/**
 * The context of a handler after a guard: the engine's context, with answers in place of bytes.
 *
 * @module
 */

import type { StepFetchOptions } from '../../client/step-fetch.ts';
import type { Answering, AnyContext, FinalWrite, Jsonify, StepTools } from '../../core/context.ts';
import { LatchkeyError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import { chain } from '../../core/support/thenable.ts';
import type { Exchange, PlainResponse } from '../exchange.ts';
import type { HttpContext } from '../layer.ts';
import type { Answer } from '../options.ts';
import { unsendable } from '../plain-response.ts';
import { readAnswer } from './answer.ts';
import { isResponse } from './fetch-response.ts';
import { fetchStep } from './step-answer.ts';

type ContextExchange<Finished> = Pick<
  Exchange<never, TransactionKind, Finished>,
  'route' | 'guard' | 'encode' | 'attempt' | 'engineContext' | 'overruled' | 'committed' | 'finished'
>;
type GivenAnswer = Answer | Response;
type AnswerFunction = (handle: unknown) => GivenAnswer | PromiseLike<GivenAnswer>;

/** Turns the answer of `finish` into bytes, and passes it to the exchange once it is committed. */
export class FinishedAnswer<Finished> implements Answering<GivenAnswer, Finished> {
  readonly #exchange: ContextExchange<Finished>;
  #response: PlainResponse | undefined;

  constructor(exchange: ContextExchange<Finished>) {
    this.#exchange = exchange;
  }

  encode(answer: GivenAnswer): FinalWrite | Promise<FinalWrite> {
    return chain(readAnswer(answer), (response) => {
      this.#response = response;
      return this.#exchange.encode(response, this.#exchange.route.maxResponseBytes);
    });
  }

  finished(): Finished {
    const response = this.#response as PlainResponse;
    this.#exchange.committed = response;
    return this.#exchange.finished(response);
  }
}

/**
 * With a store whose transactions are synchronous, reading a Response counts as a promise that the function returned.
 */
function explained(error: unknown): unknown {
  if (!(error instanceof LatchkeyError && error.code === 'transaction-asynchronous')) return error;
  return unsendable('finish must return { status, headers, body } on SQLite, which is synchronous; got a Response');
}

/** The context of one exchange. Most handlers use none, so its parts are created on first use. */
export class GuardContext<Finished> {
  readonly #exchange: ContextExchange<Finished>;

  constructor(exchange: ContextExchange<Finished>) {
    this.#exchange = exchange;
  }

  get #context(): AnyContext {
    const exchange = this.#exchange;
    exchange.engineContext ??= exchange.attempt?.contextFor(
      new FinishedAnswer(exchange) as Answering<unknown, unknown>,
    );
    return exchange.engineContext as AnyContext;
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
    return fetchStep(this.#context, { name, input, init, options }, this.#exchange.guard.runtime);
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
    let isFetched = false;
    const commit: (fn: AnswerFunction) => Promise<unknown> = this.#context.finish.bind(this.#context);
    const noted = (answer: GivenAnswer): GivenAnswer => {
      isFetched = isResponse(answer);
      return answer;
    };
    try {
      return (await commit((handle) => chain(fn(handle), noted))) as Finished;
    } catch (error) {
      throw isFetched ? explained(error) : error;
    }
  }

  keep(): void {
    this.#exchange.overruled = 'keep';
  }

  release(): void {
    this.#exchange.overruled = 'release';
  }
}

/** Returns a context with the type of its transactions, which are those of the guard's store. */
export function typedContext<Kind extends TransactionKind, Finished>(
  context: GuardContext<Finished>,
): HttpContext<Kind, Finished> {
  return context as HttpContext<TransactionKind, Finished> as HttpContext<Kind, Finished>;
}
