/**
 * The hooks of the guard for Fastify.
 *
 * @module
 */

import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions as FastifyRoute } from 'fastify';
import type { TransactionKind } from '../core/store.ts';
import type { HttpContext, HttpLayer } from '../http/layer.ts';
import type { RouteOptions } from '../http/options.ts';
import { sendAnswer } from './fastify-answer.ts';
import { FastifyBodies, viewOf } from './fastify-request.ts';
import type { GuardContexts } from './guard-contexts.ts';
import { NodeExchange } from './node-exchange.ts';

type Done = (error?: Error) => void;
type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void;

/** What all hooks of a guard share. */
interface Parts<Kind extends TransactionKind> {
  readonly layer: HttpLayer<FastifyRequest, Kind>;
  readonly contexts: GuardContexts<Kind, FastifyReply>;
  readonly bodies: FastifyBodies;
}

/** Marks the routes that have the guard as the last hook of their own. */
const hasOwnHook = Symbol('latchkey.hasOwnHook');

interface RouteConfig {
  readonly idempotency?: RouteOptions<FastifyRequest> | false;
  readonly [hasOwnHook]?: boolean;
}

/** Hangs the guard into an instance. */
export function addHooks<Kind extends TransactionKind>(
  instance: FastifyInstance,
  layer: HttpLayer<FastifyRequest, Kind>,
  contexts: GuardContexts<Kind, FastifyReply>,
): void {
  if (!instance.hasRequestDecorator('idempotency')) instance.decorateRequest('idempotency', undefined);
  const parts: Parts<Kind> = { layer, contexts, bodies: new FastifyBodies() };
  instance.addHook('onRoute', (route) => appendHook(route, parts));
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    const reading = parts.bodies.keep(request, payload);
    if (reading === undefined) done();
    else reading.then(() => done(), done);
  });
  instance.addHook('preHandler', earlierRoutes(parts));
}

/** Puts the guard behind the hooks that the route brings itself, since authentication is often one of them. */
function appendHook<Kind extends TransactionKind>(route: FastifyRoute, parts: Parts<Kind>): void {
  const own = route.preHandler ?? [];
  route.preHandler = [...(Array.isArray(own) ? own : [own]), hookFor(route.config ?? {}, parts)];
  const config: RouteConfig = { ...route.config, [hasOwnHook]: true };
  route.config = config;
}

/** Guards the routes that were declared before the plugin was there. */
function earlierRoutes<Kind extends TransactionKind>(parts: Parts<Kind>): Hook {
  const hooks = new WeakMap<object, Hook>();
  return (request, reply, done) => {
    const config: RouteConfig = request.routeOptions.config;
    if (config[hasOwnHook] === true) return done();
    const hook = hooks.get(config) ?? hookFor(config, parts);
    hooks.set(config, hook);
    hook(request, reply, done);
  };
}

function hookFor<Kind extends TransactionKind>({ idempotency }: RouteConfig, parts: Parts<Kind>): Hook {
  if (idempotency === false) return (_request, _reply, done) => done();
  const layer = idempotency === undefined ? parts.layer : parts.layer.with(idempotency);
  return (request, reply, done) => {
    guarded(request, reply, { ...parts, layer }, done).catch(done);
  };
}

async function guarded<Kind extends TransactionKind>(
  request: FastifyRequest,
  reply: FastifyReply,
  { layer, contexts, bodies }: Parts<Kind>,
  done: Done,
): Promise<void> {
  let running = false;
  const run = (context: HttpContext<Kind, FastifyReply>): undefined => {
    running = true;
    contexts.set(request, context);
    Reflect.set(request, 'idempotency', context);
    done();
  };
  const exchange = new NodeExchange<Kind, FastifyReply>({
    request: request.raw,
    response: reply.raw,
    run,
    headersBefore: () => reply.getHeaders() as OutgoingHttpHeaders,
    onFinished: () => reply.hijack(),
  });
  const answer = await layer.handle(viewOf(request, bodies), exchange);
  if (answer.kind === 'pass') done();
  else if (running || answer.kind !== 'answer') exchange.conclude(answer);
  else sendAnswer(reply, answer.response);
}
