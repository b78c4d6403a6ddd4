/**
 * Maps requests to their contexts.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import type { TransactionKind } from '../core/store.ts';
import type { Contract } from '../http/contract/contract.ts';
import type { Health } from '../http/health.ts';
import type { HttpContext, Peek } from '../http/layer.ts';
import { RequestMark } from '../http/request-mark.ts';

/** An exchange whose context is created on first use. */
export interface ContextHolder<Kind extends TransactionKind, Finished> {
  readonly context: HttpContext<Kind, Finished>;
}

/** The contexts of one guard and of its variants, by the framework's request. */
export class GuardContexts<Kind extends TransactionKind, Finished = void> {
  readonly #exchanges = new RequestMark<ContextHolder<Kind, Finished>>();

  /** Records that the handler of this request runs from here on. */
  set(request: object, exchange: ContextHolder<Kind, Finished>): void {
    this.#exchanges.set(request, exchange);
  }

  /** Returns the context, if this request has one. */
  tryGet(request: object): HttpContext<Kind, Finished> | undefined {
    return this.find(request)?.context;
  }

  /** Returns the exchange of this request's handler. */
  protected find(request: object): ContextHolder<Kind, Finished> | undefined {
    return this.#exchanges.get(request);
  }

  /** @throws LatchkeyError `context-missing`. */
  get(request: object): HttpContext<Kind, Finished> {
    const context = this.tryGet(request);
    if (context !== undefined) return context;
    throw new LatchkeyError(
      'context-missing',
      'This request has no context: no guard is mounted before the handler, the request has no key (see ' +
        'key.required), its method is not guarded, or it is a copy of the request that the guard received.',
    );
  }
}

/** The members of every guard, for any framework's request type. */
export interface GuardFace<Native extends object, Kind extends TransactionKind, Finished = void> {
  /**
   * The context of a guarded request.
   *
   * @throws LatchkeyError `context-missing` on an unguarded route, and for a request that the guard let pass because it
   * has no key.
   */
  context(request: Native): HttpContext<Kind, Finished>;
  /** Returns the context, or undefined where `context` throws: for routes whose key is optional. */
  tryContext(request: Native): HttpContext<Kind, Finished> | undefined;
  /**
   * Says what the guard would do with a request, by one read of the store: with the same key, principal and fingerprint.
   * For code before the guard, such as a rate limiter that lets retries pass: count `'new'` and `'none'`, and let
   * `'replay'` and `'running'` pass. It is only a hint, since the record may change before the request reaches the
   * guard: two first requests at the same time may both get `'new'`. While the store is down, it resolves to `'unknown'`
   * within `timing.claimTimeoutMs` milliseconds. Guard and handler can still read the body.
   *
   * Call it after the code that sets the principal, for the variant of the guard that handles the route
   * (`guard.with({ … })`). Errors of the guard's `principal` function are rejections.
   *
   * @example
   * ```ts
   * const limiter = rateLimit({ skip: async (request) => ['replay', 'running'].includes(await guard.peek(request)) })
   * ```
   */
  peek(request: Native): Promise<Peek>;
  /**
   * Returns what the guard promises to clients, read from its options: methods, key, retention, policy, limits and
   * errors. For a variant of a route, call it on that: `guard.with({ … }).contract()`.
   *
   * @example
   * ```ts
   * app.get('/idempotency', async (_request, response) => response.json(await guard.contract()))
   * ```
   */
  contract(): Promise<Contract>;
  /**
   * Examines the store, for a readiness probe: whether it answers, has its tables, and has settings that may lose
   * records; and the difference of the clocks. Never rejects, and takes at most five seconds.
   *
   * @example
   * ```ts
   * app.get('/ready', async (_request, response) => {
   *   const health = await guard.health()
   *   response.status(health.ok ? 200 : 503).json(health)
   * })
   * ```
   */
  health(): Promise<Health>;
  /**
   * Refuses new operations with 503, waits at most `timeoutMs` milliseconds (default 10,000) for running ones, then
   * aborts the remaining ones.
   */
  shutdown(timeoutMs?: number): Promise<void>;
}
