/**
 * The guard for Express 5 and 4.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (request) => request.auth.tenantId })
 * app.post('/charges', guard, express.json(), handler)
 * app.post('/refunds', guard.with({ key: { required: true }, afterFailure: 'rerun' }), handler)
 * ```
 * @module
 */

import type { NextFunction, Request, Response } from 'express';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { GuardAnswer } from '../http/exchange.ts';
import type { HttpLayer } from '../http/layer.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';
import { NodeExchange, requestToPeek } from './node-http/exchange.ts';

/**
 * A middleware. Mount it after authentication and before the handler; body parsers may come before or after it. A
 * response of an error handler is the answer. `context.finish` writes the answer itself; later writes of the handler
 * are dropped.
 */
export interface ExpressGuard<Kind extends TransactionKind = never> extends GuardFace<Request, Kind> {
  (request: Request, response: Response, next: NextFunction): void;
  /** Returns the guard with other settings for one route. It shares store and engine. */
  with(route: RouteOptions<Request>): ExpressGuard<Kind>;
}

/**
 * Creates a guard for Express.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<Kind extends TransactionKind = never>(
  options: GuardOptions<Request, Kind>,
): ExpressGuard<Kind> {
  return guardFor(createHttpLayer(options), new GuardContexts());
}

function guardFor<Kind extends TransactionKind>(
  layer: HttpLayer<Request, Kind>,
  contexts: GuardContexts<Kind>,
): ExpressGuard<Kind> {
  const guard = (request: Request, response: Response, next: NextFunction): void => {
    try {
      const exchange = new ExpressExchange(contexts, request, response, next);
      const answer = layer.handle(exchange);
      if (answer instanceof Promise) answer.then((given) => exchange.answer(given), next);
      else exchange.answer(answer);
    } catch (error) {
      next(error);
    }
  };
  return Object.assign(guard, {
    with: (route: RouteOptions<Request>) => guardFor(layer.with(route), contexts),
    context: (request: Request) => contexts.get(request),
    tryContext: (request: Request) => contexts.tryGet(request),
    contract: () => layer.contract(),
    health: () => layer.health(),
    peek: (request: Request) => layer.peek(requestToPeek(request, request, request.originalUrl)),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}

class ExpressExchange<Kind extends TransactionKind> extends NodeExchange<Request, Kind, void> {
  readonly #contexts: GuardContexts<Kind>;
  readonly #next: NextFunction;

  constructor(contexts: GuardContexts<Kind>, request: Request, response: Response, next: NextFunction) {
    super(request, request, response, request.originalUrl);
    this.#contexts = contexts;
    this.#next = next;
  }

  override run(): undefined {
    this.#contexts.set(this.native, this);
    this.#next();
  }

  protected override whenFinished(): void {}

  /** Carries out the layer's answer. */
  answer(answer: GuardAnswer): void {
    try {
      if (answer.kind === 'pass') this.#next();
      else this.conclude(answer);
    } catch (error) {
      this.#next(error);
    }
  }
}
