/**
 * The HTTP layer: gives the Idempotency-Key header its meaning on top of the engine.
 *
 * @module
 */

import type { StepFetchOptions } from '../client/step-fetch.ts';
import type { Context } from '../core/context.ts';
import type { TransactionKind } from '../core/store.ts';
import type { Exchange, GuardAnswer, PlainResponse } from './exchange.ts';
import type { Answer, RouteOptions } from './options.ts';

/** What the function of `finish` returns: a Response only where that function may be asynchronous. */
type FinalAnswer<Kind extends TransactionKind> = Kind['mode'] extends 'sync' ? Answer : Answer | Response;

/**
 * What a handler behind a guard gets.
 *
 * @typeParam Finished - what `finish` resolves with in this framework.
 */
export interface HttpContext<Kind extends TransactionKind = never, Finished = void>
  extends Context<Kind, FinalAnswer<Kind>, Finished> {
  /**
   * Sends a request to another system as one step: with the step's key in the Idempotency-Key header, and retried under
   * the lease (see `stepFetch`, whose options it takes). What is saved is the final answer, whatever its status: the
   * status, the headers (not those of the connection, nor Set-Cookie) and the bytes of the body, of at most 192 KiB
   * unless `maxResponseBytes` says otherwise; with its headers it must fit into `steps.maxBytes`. This attempt and every
   * later one get it as a Response of their own. A redirect is an answer; a GET needs no key: `fetch` it in a step.
   *
   * @throws NoAnswerError if there is no final answer; nothing is saved then, and the next attempt asks again.
   * @throws LatchkeyError and LeaseLostError as `step` and `stepFetch` do.
   * @example
   * ```ts
   * const charged = await context.fetch('charge', 'https://pay.example/charges', { method: 'POST', body })
   * if (charged.status === 402) return declined(await charged.json())
   * ```
   */
  fetch(name: string, input: string | URL | Request, init?: RequestInit, options?: StepFetchOptions): Promise<Response>;
  /** Keeps this request's answer, whatever its status. */
  keep(): void;
  /** Releases the record when the handler is done: a retry runs again. */
  release(): void;
}

/** One guard, or one route's variant of it. */
export interface HttpLayer<Native, Kind extends TransactionKind = never> {
  /**
   * Takes one request through the layer. Never fails for a reason of the layer's own: those are answers. What the
   * application's `principal` or `authorizeReplay` throws is thrown on, at once or as a rejection, to the framework's
   * own error handling.
   */
  handle(exchange: Exchange<Native, Kind>): GuardAnswer | Promise<GuardAnswer>;
  /** The answer to such a throw, where there is no framework to handle it. */
  failed(error: unknown, native: Native): PlainResponse;
  /** The same guard with other settings for one route; shares store and engine. */
  with(route: RouteOptions<Native>): HttpLayer<Native, Kind>;
  /** Refuses new operations with 503, waits for running ones at most `timeoutMs`, then gives up what is left. */
  shutdown(timeoutMs?: number): Promise<void>;
}
