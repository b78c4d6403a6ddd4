/**
 * Which context belongs to which request.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import type { TransactionKind } from '../core/store.ts';
import type { HttpContext } from '../http/layer.ts';

/** An exchange, whose context is made on first use. */
export interface ContextHolder<Kind extends TransactionKind, Finished> {
  readonly context: HttpContext<Kind, Finished>;
}

/** The contexts of one guard and of its variants, by the framework's request. */
export class GuardContexts<Kind extends TransactionKind, Finished = void> {
  /** A property of the request and not a WeakMap: see `http/request-mark.ts`. */
  readonly #exchange = Symbol('latchkey.exchange');

  /** The handler of this request runs from here on. */
  set(request: object, exchange: ContextHolder<Kind, Finished>): void {
    (request as Record<symbol, unknown>)[this.#exchange] = exchange;
  }

  /** The context, if this request runs under one. */
  tryGet(request: object): HttpContext<Kind, Finished> | undefined {
    return this.find(request)?.context;
  }

  /** The exchange that this request's handler runs under. */
  protected find(request: object): ContextHolder<Kind, Finished> | undefined {
    return (request as Record<symbol, ContextHolder<Kind, Finished> | undefined>)[this.#exchange];
  }

  /** @throws LatchkeyError `context-missing`. */
  get(request: object): HttpContext<Kind, Finished> {
    const context = this.tryGet(request);
    if (context !== undefined) return context;
    throw new LatchkeyError(
      'context-missing',
      'This request has no context: no guard is mounted before the handler, or the request has no key ' +
        'and the route does not require one (key.required), or its method is not guarded, or this is a ' +
        'copy of the request that the guard received: pass the original.',
    );
  }
}

/** What every guard has, whatever its framework calls a request. */
export interface GuardFace<Native extends object, Kind extends TransactionKind, Finished = void> {
  /**
   * The context of a guarded request.
   *
   * @throws LatchkeyError `context-missing` on an unguarded route, and for a request that the guard let pass
   * because it has no key.
   */
  context(request: Native): HttpContext<Kind, Finished>;
  /** The same, or undefined where `context` throws: for routes whose key is optional. */
  tryContext(request: Native): HttpContext<Kind, Finished> | undefined;
  /** Refuses new operations with 503, waits for running ones at most `timeoutMs` (10,000), then gives up what is left. */
  shutdown(timeoutMs?: number): Promise<void>;
}
