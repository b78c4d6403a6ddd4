/**
 * The guard for any `Request → Response` handler: Bun, Deno, Workers, Next.js route handlers.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (request) => tenantOf(request) })
 * export const POST = guard.withContext(async (context, request) => {
 *   const charge = await context.step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 *   return Response.json(charge, { status: 201 })
 * })
 * ```
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import { edgeTable } from '../http/option-tables.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { FetchExchange } from './fetch-api/exchange.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';

/** The context of a guarded request. */
export type FetchContext<Kind extends TransactionKind = never> = HttpContext<Kind, Response>;

/** A handler as the runtime calls it: with the request and the runtime's other arguments. */
export type FetchHandler<Req extends Request, Rest extends readonly unknown[]> = (
  request: Req,
  ...rest: Rest
) => Response | Promise<Response>;

/** The return type of {@link idempotency}. */
export interface FetchGuard<Kind extends TransactionKind = never, Req extends Request = Request>
  extends GuardFace<Request, Kind, Response> {
  /**
   * Puts the guard before a handler, whose arguments stay the same: `guard.context(request)` returns the context. An
   * error of the handler becomes a 500 of the layer. `context.finish` resolves to the response, which the handler must
   * return.
   *
   * @example
   * ```ts
   * // Next.js
   * export const POST = guard(async (request: NextRequest, { params }: { params: Promise<{ id: string }> }) => {
   *   const { id } = await params
   *   return Response.json(await guard.context(request).step('ship', () => ship(id)))
   * })
   * // Workers
   * export default {
   *   fetch: guard(async (request: Request, env: Env, execution: ExecutionContext) => answer(request, env)),
   * }
   * ```
   */
  <R extends Req = Req, Rest extends readonly unknown[] = []>(
    handler: FetchHandler<R, Rest>,
  ): (request: R, ...rest: Rest) => Promise<Response>;
  /**
   * Puts the guard before a handler that needs its context and gets it before the framework's arguments. The key is
   * therefore required: a request without one gets 400 `key-missing`.
   *
   * @throws LatchkeyError `context-missing`, as a rejection, for a method that is not guarded.
   * @example
   * ```ts
   * export const POST = guard.withContext(async (context, request: NextRequest, route: RouteContext) => {
   *   const charged = await context.fetch('charge', 'https://pay.example/charges', { method: 'POST', body })
   *   return Response.json(await charged.json(), { status: charged.status })
   * })
   * ```
   */
  withContext<R extends Req = Req, Rest extends readonly unknown[] = []>(
    handler: (context: FetchContext<Kind>, request: R, ...rest: Rest) => Response | Promise<Response>,
  ): (request: R, ...rest: Rest) => Promise<Response>;
  /** Returns the guard with other settings for some routes. It shares store and engine. */
  with(route: RouteOptions<Req>): FetchGuard<Kind, Req>;
}

/** The options of the guard. */
export interface FetchGuardOptions<Kind extends TransactionKind = never, Req extends Request = Request>
  extends GuardOptions<Req, Kind> {
  /**
   * Keeps an edge runtime alive until the answer is stored, even if the client has disconnected. It gets the request
   * and the other arguments of the handler.
   *
   * @example
   * ```ts
   * waitUntil: (work, request, env, execution) => (execution as ExecutionContext).waitUntil(work)
   * ```
   */
  readonly waitUntil?: (work: Promise<unknown>, request: Req, ...rest: readonly unknown[]) => void;
}

/** The parts that all wrapped handlers of a guard share. */
interface Parts<Kind extends TransactionKind, Req extends Request> {
  readonly contexts: GuardContexts<Kind, Response>;
  readonly waitUntil: FetchGuardOptions<Kind, Req>['waitUntil'];
}

/** Runs the handler; the context is undefined for a request that the layer lets pass. */
type Call<Kind extends TransactionKind> = (context: FetchContext<Kind> | undefined) => Response | Promise<Response>;

/**
 * Creates a guard for Fetch API handlers.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<Kind extends TransactionKind = never, Req extends Request = Request>(
  options: FetchGuardOptions<Kind, Req>,
): FetchGuard<Kind, Req> {
  const layer = createHttpLayer<Req, Kind>(options, edgeTable);
  return guardFor<Kind, Req>(layer, { contexts: new GuardContexts(), waitUntil: options.waitUntil });
}

function guardFor<Kind extends TransactionKind, Req extends Request>(
  layer: HttpLayer<Req, Kind>,
  parts: Parts<Kind, Req>,
): FetchGuard<Kind, Req> {
  const { contexts } = parts;
  function guard<R extends Req, Rest extends readonly unknown[]>(handler: FetchHandler<R, Rest>) {
    return function guardedHandler(this: unknown, request: R, ...rest: Rest): Promise<Response> {
      return guarded(layer, parts, () => handler.call(this, request, ...rest), request, rest);
    };
  }
  function withContext<R extends Req, Rest extends readonly unknown[]>(
    handler: (context: FetchContext<Kind>, request: R, ...rest: Rest) => Response | Promise<Response>,
  ) {
    const strict = layer.with({ key: { required: true } });
    return function guardedHandler(this: unknown, request: R, ...rest: Rest): Promise<Response> {
      const call: Call<Kind> = (context) => {
        if (context === undefined) throw unguarded(request);
        return handler.call(this, context, request, ...rest);
      };
      return guarded(strict, parts, call, request, rest);
    };
  }
  return Object.assign(guard, {
    withContext,
    with: (route: RouteOptions<Req>) => guardFor(layer.with(route), parts),
    context: (request: Request) => contexts.get(request),
    tryContext: (request: Request) => contexts.tryGet(request),
    contract: () => layer.contract(),
    health: () => layer.health(),
    peek: (request: Req) => layer.peek(new FetchExchange({ native: request, request })),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}

function unguarded({ method }: Request): LatchkeyError {
  return new LatchkeyError(
    'context-missing',
    `A handler of guard.withContext() was called with ${method}, which is not guarded. ` +
      'Add it to the option `methods`, or use guard(handler).',
  );
}

async function guarded<Kind extends TransactionKind, Req extends Request>(
  layer: HttpLayer<Req, Kind>,
  { contexts, waitUntil }: Parts<Kind, Req>,
  call: Call<Kind>,
  request: Req,
  rest: readonly unknown[],
): Promise<Response> {
  const exchange = new FetchExchange<Req, Kind>({
    native: request,
    request,
    run: async (running) => {
      contexts.set(request, running);
      return call(running.context);
    },
  });
  const work = exchange.pass(layer);
  waitUntil?.(work, request, ...rest);
  const response = await Promise.race([exchange.response, work.then(() => exchange.response)]);
  return response ?? call(undefined);
}
