/**
 * The guard for Hono.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (c) => tenantOf(c.req) })
 * app.post('/charges', guard, async (c) => {
 *   const charge = await guard.context(c).step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 *   return c.json(charge, 201)
 * })
 * ```
 * @module
 */

import type { Context, Env, MiddlewareHandler, Next } from 'hono';
import type { TransactionKind } from '../core/store.ts';
import { contractKey } from '../http/contract/contract-access.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import { edgeTable } from '../http/option-tables.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { FetchExchange } from './fetch-api/exchange.ts';
import { parsedBody, tapHonoBody } from './fetch-api/hono-request.ts';
import { HandlerSide } from './fetch-api/hono-response.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';

/** The variable that the guard adds to Hono's context; undefined for a request that runs without protection. */
export interface IdempotencyEnv<Kind extends TransactionKind = never> {
  Variables: { idempotency: HttpContext<Kind, Response> | undefined };
}

/** Hono's default, with which `c.get` accepts every name. */
export type AnyEnv = Context extends Context<infer E> ? E : never;

/** The guard's variable stays typed if the application has no Env type. */
export type GuardedEnv<E extends Env, Kind extends TransactionKind> = 0 extends 1 & E
  ? IdempotencyEnv<Kind>
  : E & IdempotencyEnv<Kind>;

/**
 * A middleware. Mount it after authentication and before the handler. A response of `app.onError` is the answer.
 * `context.finish` resolves to the response, which the handler must return. Mount `timeout()` before the guard: its
 * answer is sent to the client, and the handler's answer is stored once the handler ends.
 */
export interface HonoGuard<E extends Env = AnyEnv, Kind extends TransactionKind = never>
  extends MiddlewareHandler<GuardedEnv<E, Kind>>,
    GuardFace<Context, Kind, Response> {
  /** Returns the guard with other settings for one route. It shares store and engine. */
  with(route: RouteOptions<Context<E>>): HonoGuard<E, Kind>;
}

/** The options of the guard. */
export interface HonoGuardOptions<E extends Env = AnyEnv, Kind extends TransactionKind = never>
  extends GuardOptions<Context<E>, Kind> {
  /**
   * Keeps an edge runtime alive until the answer is stored, even if the client has disconnected.
   *
   * @example
   * ```ts
   * waitUntil: (work, c) => c.executionCtx.waitUntil(work)
   * ```
   */
  readonly waitUntil?: (work: Promise<unknown>, c: Context<E>) => void;
}

/** The parts that all variants of a guard share. */
interface Parts<E extends Env, Kind extends TransactionKind> {
  readonly contexts: GuardContexts<Kind, Response>;
  readonly waitUntil: HonoGuardOptions<E, Kind>['waitUntil'];
}

/**
 * Creates a guard for Hono. The type of its context follows from the options: to use your own Env, annotate the
 * parameter of one function (`principal: (c: Context<AppEnv>) => c.get('account')`).
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<E extends Env = AnyEnv, Kind extends TransactionKind = never>(
  options: HonoGuardOptions<E, Kind>,
): HonoGuard<E, Kind> {
  const layer = createHttpLayer<Context<E>, Kind>(options, edgeTable);
  return guardFor(layer, { contexts: new GuardContexts(), waitUntil: options.waitUntil });
}

function guardFor<E extends Env, Kind extends TransactionKind>(
  layer: HttpLayer<Context<E>, Kind>,
  parts: Parts<E, Kind>,
): HonoGuard<E, Kind> {
  const { contexts } = parts;
  const guard = (c: Context<GuardedEnv<E, Kind>>, next: Next) => guarded(layer, parts, c, next);
  return Object.assign(guard, {
    with: (route: RouteOptions<Context<E>>) => guardFor(layer.with(route), parts),
    context: (c: Context) => contexts.get(c),
    tryContext: (c: Context) => contexts.tryGet(c),
    contract: () => layer.contract(),
    [contractKey]: layer.contractBy,
    health: () => layer.health(),
    peek: (c: Context) => layer.peek(new FetchExchange({ native: c, request: c.req.raw, parsed: () => parsedBody(c) })),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}

async function guarded<E extends Env, Kind extends TransactionKind>(
  layer: HttpLayer<Context<E>, Kind>,
  { contexts, waitUntil }: Parts<E, Kind>,
  c: Context,
  next: Next,
): Promise<void> {
  let handlers: HandlerSide | undefined;
  const exchange = new FetchExchange<Context<E>, Kind>({
    native: c,
    request: c.req.raw,
    parsed: () => parsedBody(c),
    tapped: (limitBytes) => tapHonoBody(c, limitBytes),
    headersBefore: () => headersOf(c),
    run: (running) => {
      contexts.set(c, running);
      c.set('idempotency', running.context);
      handlers = new HandlerSide(c);
      return handlers.run(next);
    },
  });
  const work = exchange.pass(layer);
  waitUntil?.(work, c);
  const response = await Promise.race([exchange.response, work.then(() => exchange.response)]);
  if (handlers?.leave() === false) await response?.body?.cancel();
  else if (response === undefined) return next();
  else send(c, response);
}

/** Replacing a response merges the headers of both, including dropped headers of the handler. */
function send(c: Context, response: Response): void {
  Reflect.set(c, 'res', undefined);
  c.res = response;
}

/**
 * Returns the headers that earlier middleware has set. Reading `c.res` would create a response, which Hono then merges.
 */
function headersOf(c: Context): Headers {
  return c.finalized ? new Headers() : new Headers(c.newResponse(null).headers);
}
