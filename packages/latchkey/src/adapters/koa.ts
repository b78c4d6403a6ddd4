/**
 * The guard for Koa 3.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (ctx) => ctx.state.tenant })
 * app.use(guard)
 * router.post('/pay', guard.with({ key: { required: true }, afterFailure: 'rerun' }), async (ctx) => {
 *   ctx.body = await guard.context(ctx).step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 * })
 * ```
 * @module
 */

import type { Context, DefaultState, Middleware, Next, ParameterizedContext } from 'koa';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';
import { KoaExchange, koaRequestToPeek } from './koa-parts/exchange.ts';
import { checkReached, guardInside, markGuard } from './koa-parts/inner-guard.ts';

/** What the guard adds to `ctx.state`. */
export interface IdempotencyState<Kind extends TransactionKind = never> {
  /** The context of a guarded request; undefined for a request that runs without protection. */
  idempotency?: HttpContext<Kind>;
}

/**
 * A middleware. Mount it after authentication and before the handler; body parsers may come before or after it. The
 * answer is what Koa sends: middleware before the guard may change it, and may answer an error of the handler. A replay
 * and a refusal pass through the same middleware, which can add cookies and rate-limit headers to them, and change
 * nothing else. `context.finish` writes the answer itself; a later `ctx.body` is ignored.
 *
 * If guards are mounted on the application and on a route of `@koa/router`, the route's guard acts, with its own
 * options, and the other passes the request on.
 */
export interface KoaGuard<State = DefaultState, Kind extends TransactionKind = never>
  extends Middleware<State & IdempotencyState<Kind>>,
    GuardFace<Context, Kind> {
  /** Returns the guard with other settings for one route. It shares store and engine. */
  with(route: RouteOptions<ParameterizedContext<State>>): KoaGuard<State, Kind>;
}

/**
 * Creates a guard for Koa. To use your own type of `ctx.state`, annotate the parameter of one function
 * (`principal: (ctx: ParameterizedContext<AppState>) => ctx.state.account`).
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<State = DefaultState, Kind extends TransactionKind = never>(
  options: GuardOptions<ParameterizedContext<State>, Kind>,
): KoaGuard<State, Kind> {
  return guardFor(createHttpLayer(options), new GuardContexts());
}

function guardFor<State, Kind extends TransactionKind>(
  layer: HttpLayer<ParameterizedContext<State>, Kind>,
  contexts: GuardContexts<Kind>,
): KoaGuard<State, Kind> {
  const guard = async (ctx: ParameterizedContext<State & IdempotencyState<Kind>>, next: Next): Promise<void> => {
    const inner = guardInside(ctx, guard);
    if (inner === undefined) return new KoaExchange<State, Kind>(contexts, ctx, next).enter(layer);
    await next();
    checkReached(inner, ctx);
  };
  return Object.assign(markGuard(guard), {
    with: (route: RouteOptions<ParameterizedContext<State>>) => guardFor(layer.with(route), contexts),
    context: (ctx: Context) => contexts.get(ctx),
    tryContext: (ctx: Context) => contexts.tryGet(ctx),
    contract: () => layer.contract(),
    health: () => layer.health(),
    peek: (ctx: Context) => layer.peek(koaRequestToPeek(ctx)),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}
