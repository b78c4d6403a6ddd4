/**
 * The guard for `node:http`.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (request) => tenantOf(request) })
 * createServer(guard.wrap(async (request, response) => {
 *   const charge = await guard.context(request).step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 *   response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(charge))
 * })).listen(8080)
 * ```
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { GuardAnswer } from '../http/exchange.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';
import { NodeExchange, requestToPeek } from './node-http/exchange.ts';

/**
 * A handler in the form that `createServer` takes. The context is undefined for a request that runs without protection.
 */
export type NodeHandler<Kind extends TransactionKind = never> = (
  request: IncomingMessage,
  response: ServerResponse,
  context: HttpContext<Kind> | undefined,
) => unknown;

/** The return type of {@link idempotency}. */
export interface NodeGuard<Kind extends TransactionKind = never> extends GuardFace<IncomingMessage, Kind> {
  /**
   * Puts the guard before a handler. An error of the handler before it has answered becomes a 500 of the layer, and so
   * does an error of `principal` or `authorizeReplay`. Without a key, a handler's rejection goes to the caller, as
   * without the guard. `context.finish` writes the answer itself; later writes of the handler are dropped.
   */
  wrap(handler: NodeHandler<Kind>): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Returns the guard with other settings for some routes. It shares store and engine. */
  with(route: RouteOptions<IncomingMessage>): NodeGuard<Kind>;
}

/**
 * Creates a guard for `node:http` handlers.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<Kind extends TransactionKind = never>(
  options: GuardOptions<IncomingMessage, Kind>,
): NodeGuard<Kind> {
  return guardFor(createHttpLayer(options), new GuardContexts());
}

function guardFor<Kind extends TransactionKind>(
  layer: HttpLayer<IncomingMessage, Kind>,
  contexts: GuardContexts<Kind>,
): NodeGuard<Kind> {
  return {
    wrap: (handler) => (request, response) => guarded(layer, new WrappedExchange(contexts, handler, request, response)),
    with: (route) => guardFor(layer.with(route), contexts),
    context: (request) => contexts.get(request),
    tryContext: (request) => contexts.tryGet(request),
    contract: () => layer.contract(),
    health: () => layer.health(),
    peek: (request) => layer.peek(requestToPeek(request, request, request.url ?? '/')),
    shutdown: (timeoutMs) => layer.shutdown(timeoutMs),
  };
}

class WrappedExchange<Kind extends TransactionKind> extends NodeExchange<IncomingMessage, Kind, void> {
  readonly #contexts: GuardContexts<Kind>;
  readonly #handler: NodeHandler<Kind>;
  readonly #response: ServerResponse;

  constructor(
    contexts: GuardContexts<Kind>,
    handler: NodeHandler<Kind>,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    super(request, request, response, request.url ?? '/');
    this.#contexts = contexts;
    this.#handler = handler;
    this.#response = response;
  }

  /** Runs the handler without protection. */
  pass(): unknown {
    return this.#handler(this.native, this.#response, undefined);
  }

  override run(): Promise<unknown> | undefined {
    this.#contexts.set(this.native, this);
    const returned = this.#handler(this.native, this.#response, this.context);
    return returned instanceof Promise ? returned : undefined;
  }

  protected override whenFinished(): void {}
}

async function guarded<Kind extends TransactionKind>(
  layer: HttpLayer<IncomingMessage, Kind>,
  exchange: WrappedExchange<Kind>,
): Promise<void> {
  let answer: GuardAnswer;
  try {
    const handled = layer.handle(exchange);
    answer = handled instanceof Promise ? await handled : handled;
  } catch (error) {
    // The return value of a server's listener is ignored, so a rejection there would end the process.
    answer = { kind: 'answer', response: layer.failed(error, exchange.native) };
  }
  if (answer.kind === 'pass') await exchange.pass();
  else exchange.conclude(answer);
}
