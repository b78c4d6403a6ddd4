/**
 * The hooks of the guard for Fastify.
 *
 * @module
 */

import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions as FastifyRoute } from 'fastify';
import type { TransactionKind } from '../../core/store.ts';
import type { HttpLayer } from '../../http/layer.ts';
import type { RouteOptions } from '../../http/options.ts';
import { RequestMark } from '../../http/request-mark.ts';
import type { GuardContexts } from '../guard-contexts.ts';
import { type Done, FastifyExchange, type FastifyParts, type Next } from './exchange.ts';
import { contextOf, FastifyBodies, type LimitedRoute } from './request.ts';

type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void;

/** What all hooks of a guard share. */
interface Parts<Kind extends TransactionKind> extends Omit<FastifyParts<Kind>, 'limits'> {
  readonly layer: HttpLayer<FastifyRequest, Kind>;
}

/** Marks the routes that have the guard as the last hook of their own. */
const hasOwnHook = Symbol('latchkey.hasOwnHook');

interface RouteConfig {
  readonly idempotency?: RouteOptions<FastifyRequest> | false;
  readonly [hasOwnHook]?: boolean;
}

/** What Fastify prints of an application without routes. */
const noRoutes = '(empty tree)';

/** Hangs the guard into an instance. */
export function addHooks<Kind extends TransactionKind>(
  instance: FastifyInstance,
  layer: HttpLayer<FastifyRequest, Kind>,
  contexts: GuardContexts<Kind, FastifyReply>,
): void {
  if (!instance.hasRequestDecorator('idempotency')) {
    instance.decorateRequest('idempotency', {
      getter(this: FastifyRequest) {
        return contextOf(this);
      },
    });
  }
  const parts: Parts<Kind> = { layer, contexts, exchanges: new RequestMark(), bodies: new FastifyBodies() };
  instance.addHook('onRoute', (route) => appendHook(route, parts));
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    const reading = parts.bodies.keep(request, payload);
    if (reading === undefined) done();
    else reading.then(() => done(), done);
  });
  // Routes that follow have a hook of their own: where there are no earlier ones, no request has to be asked for its route.
  if (instance.printRoutes() !== noRoutes) instance.addHook('preHandler', earlierRoutes(parts));
  instance.addHook('onSend', (request, _reply, payload, done) => {
    const exchange = parts.exchanges.get(request);
    if (exchange === undefined) done();
    else exchange.onSend(payload, done as Next);
  });
}

/** Puts the guard behind the hooks that the route brings itself, since authentication is often one of them. */
function appendHook<Kind extends TransactionKind>(route: FastifyRoute, parts: Parts<Kind>): void {
  const own = route.preHandler ?? [];
  route.preHandler = [...(Array.isArray(own) ? own : [own]), hookFor(route.config ?? {}, route, parts)];
  const config: RouteConfig = { ...route.config, [hasOwnHook]: true };
  route.config = config;
}

/** Guards the routes that were declared before the plugin was there. */
function earlierRoutes<Kind extends TransactionKind>(parts: Parts<Kind>): Hook {
  const hooks = new WeakMap<object, Hook>();
  return (request, reply, done) => {
    // A 404 answers no operation: what runs there has no route, or is the end of a handler that is guarded already.
    if (request.is404) return done();
    const { config, bodyLimit }: { config: RouteConfig; bodyLimit?: number } = request.routeOptions;
    if (config[hasOwnHook] === true) return done();
    const hook = hooks.get(config) ?? hookFor(config, { bodyLimit }, parts);
    hooks.set(config, hook);
    hook(request, reply, done);
  };
}

function hookFor<Kind extends TransactionKind>(
  { idempotency }: RouteConfig,
  route: LimitedRoute,
  parts: Parts<Kind>,
): Hook {
  if (idempotency === false) return (_request, _reply, done) => done();
  const layer = idempotency === undefined ? parts.layer : parts.layer.with(idempotency);
  const shared = { ...parts, limits: route };
  return (request, reply, done) => void guarded(layer, shared, request, reply, done);
}

async function guarded<Kind extends TransactionKind>(
  layer: HttpLayer<FastifyRequest, Kind>,
  parts: FastifyParts<Kind>,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): Promise<void> {
  let exchange: FastifyExchange<Kind> | undefined;
  try {
    exchange = new FastifyExchange(parts, request, reply, done);
    const answer = layer.handle(exchange);
    exchange.answer(answer instanceof Promise ? await answer : answer);
  } catch (error) {
    if (exchange === undefined) done(error as Error);
    else exchange.fail(error);
  }
}
