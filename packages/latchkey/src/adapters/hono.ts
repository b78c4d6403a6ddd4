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
import { systemRuntime, type Timers } from '../core/runtime.ts';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { RequestBody } from '../http/exchange.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { FetchExchange } from './fetch-exchange.ts';
import { FetchRequestView } from './fetch-request.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';

/** What the guard adds to Hono's context; undefined for a request that runs without protection. */
export interface IdempotencyEnv<Kind extends TransactionKind = never> {
  Variables: { idempotency: HttpContext<Kind, Response> | undefined };
}

/**
 * A middleware. Mount it after authentication, before the handler. What `app.onError` answers is the answer.
 * `context.finish` resolves with the response, for the handler to return.
 */
export interface HonoGuard<E extends Env, Kind extends TransactionKind = never>
  extends MiddlewareHandler<E & IdempotencyEnv<Kind>>,
    GuardFace<Context, Kind, Response> {
  /** The same guard with other settings for one route; shares store and engine. */
  with(route: RouteOptions<Context<E>>): HonoGuard<E, Kind>;
}

/** What all variants of a guard share. */
interface Parts<Kind extends TransactionKind> {
  readonly contexts: GuardContexts<Kind, Response>;
  readonly timers: Timers;
}

/**
 * Makes a guard for Hono.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<E extends Env = Env, Kind extends TransactionKind = never>(
  options: GuardOptions<Context<E>, Kind>,
): HonoGuard<E, Kind> {
  const { timers } = options.runtime ?? systemRuntime;
  return guardFor(createHttpLayer(options), { contexts: new GuardContexts(), timers });
}

function guardFor<E extends Env, Kind extends TransactionKind>(
  layer: HttpLayer<Context<E>, Kind>,
  parts: Parts<Kind>,
): HonoGuard<E, Kind> {
  const { contexts } = parts;
  const guard = (c: Context<E & IdempotencyEnv<Kind>>, next: Next) => guarded(layer, parts, c, next);
  return Object.assign(guard, {
    with: (route: RouteOptions<Context<E>>) => guardFor(layer.with(route), parts),
    context: (c: Context) => contexts.get(c),
    find: (c: Context) => contexts.find(c),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}

async function guarded<E extends Env, Kind extends TransactionKind>(
  layer: HttpLayer<Context<E>, Kind>,
  { contexts, timers }: Parts<Kind>,
  c: Context<E & IdempotencyEnv<Kind>>,
  next: Next,
): Promise<void> {
  const run = async (context: HttpContext<Kind, Response>) => {
    contexts.set(c, context);
    c.set('idempotency', context);
    await next();
    return c.res;
  };
  const exchange = new FetchExchange<Kind>({ timers, run, headersBefore: () => new Headers(c.res.headers) });
  const view = new FetchRequestView(c as Context<E>, c.req.raw, () => parsedBody(c));
  const work = exchange.pass(layer, view);
  const response = await Promise.race([exchange.response, work.then(() => exchange.response)]);
  if (response === undefined) return next();
  // Setting a response over another merges the fields of both, the handler's dropped ones too.
  Reflect.set(c, 'res', undefined);
  c.res = response;
}

/** What Hono remembers of a body that a validator has read before. */
async function parsedBody(c: Context): Promise<RequestBody> {
  const { bodyCache } = c.req;
  if (bodyCache.text !== undefined || bodyCache.arrayBuffer !== undefined || bodyCache.blob !== undefined) {
    return { kind: 'bytes', bytes: new Uint8Array(await c.req.arrayBuffer()) };
  }
  if (bodyCache.json !== undefined) return { kind: 'value', value: await c.req.json() };
  return bodyCache.formData === undefined ? { kind: 'consumed' } : formBody(await c.req.formData());
}

/** Files are gone once they were read as a form: there is nothing left to compare them by. */
function formBody(form: FormData): RequestBody {
  const entries = [...form];
  const isText = entries.every(([, value]) => typeof value === 'string');
  return isText ? { kind: 'value', value: entries } : { kind: 'consumed' };
}
