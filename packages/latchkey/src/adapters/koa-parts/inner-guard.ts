/**
 * Decides which guard acts on a request if several are mounted on its way: the innermost one.
 *
 * A guard must know this before it claims, but Koa runs it before a router has chosen the route. So it looks ahead: at
 * the middleware that follows it in the application, and at the route that a router of `@koa/router` or `koa-router`
 * would choose.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import { LatchkeyError } from '../../core/errors.ts';
import { RequestMark } from '../../http/request-mark.ts';

/** Some middleware of a router: that of a route, or without methods that of `router.use`. */
interface Layer {
  readonly methods: readonly string[];
  readonly stack: readonly unknown[];
}

/** The used members of a router. */
interface Router {
  /** All layers. */
  readonly stack: readonly Layer[];
  /** Whether only the last matching layer runs. */
  readonly exclusive?: boolean;
  readonly opts?: { readonly routerPath?: string };
  matchHost?(host: string): boolean;
  match(path: string, method: string): { readonly route: boolean; readonly pathAndMethod: readonly Layer[] };
}

/** The used members of Koa's context; the last three are set by a router. */
export interface Routed {
  readonly app: { readonly middleware: readonly unknown[] };
  readonly req: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly status: number;
  readonly newRouterPath?: string;
  readonly router?: Pick<Router, 'exclusive'>;
  /** The layers of all routers so far whose path matches. */
  readonly matched?: readonly Layer[];
}

/** Copies of this module in one program share the symbol. */
const guardMark = Symbol.for('latchkey.koa.guard');

/** Marks a middleware as a guard. */
export function markGuard<Guard extends object>(guard: Guard): Guard {
  return Object.defineProperty(guard, guardMark, { value: true });
}

function isGuard(middleware: unknown): boolean {
  return typeof middleware === 'function' && guardMark in middleware;
}

/** The guard that acts on a request. */
interface Chosen {
  readonly guard: unknown;
  isReached: boolean;
}

const choices = new RequestMark<Chosen>();

/** Routers run for these too, but no guard protects them. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Returns the guard to which `guard` must leave this request; undefined if it must act itself. */
export function guardInside(ctx: Routed, guard: unknown): Chosen | undefined {
  if (safeMethods.has(ctx.method)) return undefined;
  const known = choices.get(ctx);
  if (known === undefined) {
    const inner = lookAhead(ctx, guard);
    const chosen: Chosen = { guard: inner ?? guard, isReached: inner === undefined };
    choices.set(ctx, chosen);
    return chosen.isReached ? undefined : chosen;
  }
  // After the chosen guard no other was expected: that one refuses the request.
  if (known.guard !== guard && !known.isReached) return known;
  known.isReached = true;
  return undefined;
}

/**
 * Reports a request that was carried out before it reached the guard to which it was left.
 *
 * @throws LatchkeyError `guard-mounted-twice`.
 */
export function checkReached({ isReached }: Chosen, { req, status }: Routed): void {
  if (isReached || status >= 400 || req.headers['idempotency-key'] === undefined) return;
  throw new LatchkeyError(
    'guard-mounted-twice',
    'A middleware answered a request whose route has a guard of its own, before that guard was reached: the request ' +
      'ran without protection. Mount the middleware before the guard of the application, or remove the guard of the route.',
  );
}

function lookAhead(ctx: Routed, guard: unknown): unknown {
  const { middleware } = ctx.app;
  const place = middleware.indexOf(guard);
  return place === -1 ? aheadInRouter(ctx, guard) : aheadInApplication(ctx, middleware.slice(place + 1));
}

/** The last guard of the middleware that is certain to run, or of the route. */
function aheadInApplication(ctx: Routed, middleware: readonly unknown[]): unknown {
  if (!middleware.some(leadsToGuard)) return undefined;
  let found: unknown;
  let isCertain = true;
  for (const next of middleware) {
    const router = routerOf(next);
    const way = router === undefined ? undefined : wayThrough(router, ctx);
    if (way !== undefined) return way.findLast(isGuard) ?? found;
    if (!isGuard(next)) isCertain &&= router !== undefined;
    else if (isCertain) found = next;
  }
  return found;
}

/** The last guard of the route whose middleware `guard` is. */
function aheadInRouter({ matched = [], router, method }: Routed, guard: unknown): unknown {
  const own = matched.findIndex(({ stack }) => stack.includes(guard));
  if (own === -1) return undefined;
  const layers = matched.slice(own).filter(({ methods }) => methods.length === 0 || methods.includes(method));
  const way = upToRoute(router?.exclusive === true ? layers.slice(0, 1) : layers);
  return way.slice(way.indexOf(guard) + 1).findLast(isGuard);
}

function leadsToGuard(middleware: unknown): boolean {
  return isGuard(middleware) || routerOf(middleware)?.stack.some(({ stack }) => stack.some(isGuard)) === true;
}

/** The router of a middleware that `router.routes()` returned. */
function routerOf(middleware: unknown): Router | undefined {
  if (typeof middleware !== 'function' || !('router' in middleware)) return undefined;
  const router = middleware.router as Partial<Router>;
  return typeof router.match === 'function' && Array.isArray(router.stack) ? (router as Router) : undefined;
}

/** The middleware that a router runs for this request; undefined if it has no route for it. */
function wayThrough(router: Router, ctx: Routed): readonly unknown[] | undefined {
  if (router.matchHost?.(ctx.host) === false) return undefined;
  const path = router.opts?.routerPath ?? ctx.newRouterPath ?? ctx.path;
  const { route, pathAndMethod } = router.match(path, ctx.method);
  if (!route) return undefined;
  return upToRoute(router.exclusive === true ? pathAndMethod.slice(-1) : pathAndMethod);
}

/** The middleware up to the first route: what follows that runs only if its handler calls `next`. */
function upToRoute(layers: readonly Layer[]): readonly unknown[] {
  const route = layers.findIndex(({ methods }) => methods.length > 0);
  return layers.slice(0, route + 1).flatMap(({ stack }) => stack);
}
