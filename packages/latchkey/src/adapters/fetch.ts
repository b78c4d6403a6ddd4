/**
 * The guard for any `Request → Response` handler: Bun, Deno, Workers, Next.js route handlers.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (request) => tenantOf(request) })
 * export const POST = guard(async (request) => {
 *   const charge = await guard.context(request).step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 *   return Response.json(charge, { status: 201 })
 * })
 * ```
 * @module
 */

import { systemRuntime, type Timers } from '../core/runtime.ts';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { FetchExchange } from './fetch-exchange.ts';
import { FetchRequestView } from './fetch-request.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';

/** What a handler behind the guard is given as its last argument; undefined if it runs without protection. */
export type FetchContext<Kind extends TransactionKind = never> = HttpContext<Kind, Response> | undefined;

/**
 * A handler. Arguments that the runtime passes beside the request come before the context: the context is the last
 * parameter that the function declares, after the request.
 */
export type FetchHandler<Rest extends readonly unknown[], Kind extends TransactionKind = never> = (
  request: Request,
  ...rest: [...Rest, FetchContext<Kind>]
) => Response | Promise<Response>;

/** What {@link idempotency} makes. */
export interface FetchGuard<Kind extends TransactionKind = never> extends GuardFace<Request, Kind, Response> {
  /**
   * Puts the guard before a handler. What the handler throws becomes a 500 of the layer. `context.finish` resolves
   * with the response, for the handler to return.
   */
  <Rest extends readonly unknown[] = []>(
    handler: FetchHandler<Rest, Kind>,
  ): (request: Request, ...rest: Rest) => Promise<Response>;
  /** The same guard with other settings for some routes; shares store and engine. */
  with(route: RouteOptions<Request>): FetchGuard<Kind>;
}

/** What the guard can be told. */
export interface FetchGuardOptions<Kind extends TransactionKind = never> extends GuardOptions<Request, Kind> {
  /**
   * Keeps an edge runtime alive until the answer is stored, though the client may have gone. It is given the
   * request and the further arguments of the handler.
   *
   * @example
   * ```ts
   * waitUntil: (work, request, env, execution) => (execution as ExecutionContext).waitUntil(work)
   * ```
   */
  readonly waitUntil?: (work: Promise<unknown>, request: Request, ...rest: readonly unknown[]) => void;
}

/** What all wrapped handlers of a guard share. */
interface Parts<Kind extends TransactionKind> {
  readonly contexts: GuardContexts<Kind, Response>;
  readonly timers: Timers;
  readonly waitUntil: FetchGuardOptions<Kind>['waitUntil'];
}

/**
 * Makes a guard for Fetch API handlers.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<Kind extends TransactionKind = never>(options: FetchGuardOptions<Kind>): FetchGuard<Kind> {
  const { waitUntil, ...rest } = options;
  const { timers } = options.runtime ?? systemRuntime;
  return guardFor<Kind>(createHttpLayer<Request, Kind>(rest), { contexts: new GuardContexts(), timers, waitUntil });
}

function guardFor<Kind extends TransactionKind>(layer: HttpLayer<Request, Kind>, parts: Parts<Kind>): FetchGuard<Kind> {
  const { contexts } = parts;
  const guard = <Rest extends readonly unknown[] = []>(handler: FetchHandler<Rest, Kind>) => {
    return (request: Request, ...rest: Rest) => guarded(layer, parts, handler, request, rest);
  };
  return Object.assign(guard, {
    with: (route: RouteOptions<Request>) => guardFor(layer.with(route), parts),
    context: (request: Request) => contexts.get(request),
    find: (request: Request) => contexts.find(request),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}

async function guarded<Rest extends readonly unknown[], Kind extends TransactionKind>(
  layer: HttpLayer<Request, Kind>,
  { contexts, timers, waitUntil }: Parts<Kind>,
  handler: FetchHandler<Rest, Kind>,
  request: Request,
  rest: Rest,
): Promise<Response> {
  const run = async (context: HttpContext<Kind, Response>) => {
    contexts.set(request, context);
    return call(handler, request, rest, context);
  };
  const exchange = new FetchExchange<Kind>({ timers, run });
  const work = exchange.pass(layer, new FetchRequestView(request, request));
  waitUntil?.(work, request, ...rest);
  const response = await Promise.race([exchange.response, work.then(() => exchange.response)]);
  return response ?? call(handler, request, rest, undefined);
}

/**
 * Puts the context where the handler declares it. Runtimes pass arguments that a handler may not have asked for, so
 * that the number of declared parameters says where the last one is.
 */
function call<Rest extends readonly unknown[], Kind extends TransactionKind>(
  handler: FetchHandler<Rest, Kind>,
  request: Request,
  rest: Rest,
  context: FetchContext<Kind>,
): Response | Promise<Response> {
  const before = handler.length >= 2 ? rest.slice(0, handler.length - 2) : rest;
  return handler(request, ...([...before, context] as [...Rest, FetchContext<Kind>]));
}
