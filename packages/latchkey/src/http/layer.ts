/**
 * The HTTP layer: implements the Idempotency-Key header on top of the engine.
 *
 * @module
 */

import type { StepFetchOptions } from '../client/step-fetch.ts';
import type { Context } from '../core/context.ts';
import type { TransactionKind } from '../core/store.ts';
import type { Contract } from './contract/contract.ts';
import type { ReadContract } from './contract/contract-access.ts';
import type { Exchange, GuardAnswer, PeekRequest, PlainResponse } from './exchange.ts';
import type { Health } from './health.ts';
import type { Answer, RouteOptions } from './options.ts';

/** The return type of the function of `finish`: a Response only if that function may be asynchronous. */
export type FinalAnswer<Kind extends TransactionKind> = Kind['mode'] extends 'sync' ? Answer : Answer | Response;

/**
 * The context of a handler after a guard.
 *
 * @typeParam Finished - the type that `finish` resolves to in this framework.
 */
export interface HttpContext<Kind extends TransactionKind = never, Finished = void>
  extends Context<Kind, FinalAnswer<Kind>, Finished> {
  /**
   * Sends a request to another system as one step, with the step's key in the Idempotency-Key header and retries under
   * the lease. Takes the options of `stepFetch`. The step saves the final answer, whatever its status: the status, the
   * headers (except connection headers and Set-Cookie) and the body. The body may have `maxResponseBytes` bytes
   * (default 192 KiB); together with the headers it must fit into `steps.maxBytes`. This attempt and every later one
   * get the answer as a new Response. Redirects are not followed; they are answers. A GET needs no key: call `fetch` in
   * a step.
   *
   * @throws NoAnswerError if there is no final answer. Nothing is saved then, and the next attempt sends the request
   * again.
   * @throws LatchkeyError and LeaseLostError as `step` and `stepFetch` do.
   * @example
   * ```ts
   * const charged = await context.fetch('charge', 'https://pay.example/charges', { method: 'POST', body })
   * if (charged.status === 402) return declined(await charged.json())
   * ```
   */
  fetch(name: string, input: string | URL | Request, init?: RequestInit, options?: StepFetchOptions): Promise<Response>;
  /** Keeps the answer to this request, whatever its status. */
  keep(): void;
  /** Releases the record when the handler is done, so a retry runs the handler again. */
  release(): void;
}

/**
 * What the guard would do with a request:
 * - `none`: it would let the request pass, since the method is not guarded or there is no key, or refuse it without
 *   looking at its record.
 * - `new`: it would run the handler: there is no record, or an open one.
 * - `replay`: it would answer with the stored answer.
 * - `running`: the first request with this key is still running.
 * - `mismatch`: it would refuse the request, since its key was used for another payload.
 * - `unknown`: the record's worker has died, so `afterFailure` and `recover` decide; or the store gave no answer, or an
 *   unreadable one.
 */
export type Peek = 'none' | 'new' | 'replay' | 'running' | 'unknown' | 'mismatch';

/** A guard, or a route's variant of it. */
export interface HttpLayer<Native, Kind extends TransactionKind = never> {
  /**
   * Handles one request. Failures of the layer are answers. Errors of the application's `principal` or
   * `authorizeReplay` are passed on, thrown or as a rejection, to the framework's error handling; so is a module of the
   * library that can't be loaded, in which case no handler has run.
   */
  handle(exchange: Exchange<Native, Kind>): GuardAnswer | Promise<GuardAnswer>;
  /** See {@link Peek}. Errors of the application's `principal` are rejections. */
  peek(request: PeekRequest<Native>): Promise<Peek>;
  /** What the guard promises to clients. */
  contract(): Promise<Contract>;
  /** The same at once, with a reader that is passed in; see `contract-access.ts`. */
  readonly contractBy: ReadContract;
  /** The state of the guard and its store. Never rejects, except if its module can't be loaded. */
  health(): Promise<Health>;
  /** The answer to such an error if no framework handles it. */
  failed(error: unknown, native: Native): PlainResponse;
  /** Returns the guard with other settings for one route. It shares store and engine. */
  with(route: RouteOptions<Native>): HttpLayer<Native, Kind>;
  /**
   * Refuses new operations with 503, waits at most `timeoutMs` milliseconds for running ones, then aborts the remaining
   * ones.
   */
  shutdown(timeoutMs?: number): Promise<void>;
}
