/**
 * The hooks of the guard for Fastify.
 *
 * @module
 */

import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions as FastifyRoute } from 'fastify';
import type { TransactionKind } from '../../core/store.ts';
import type { DocumentedRoute, ReadContract } from '../../http/contract/contract-access.ts';
import type { PeekRequest, RequestBody } from '../../http/exchange.ts';
import type { HttpLayer, Peek } from '../../http/layer.ts';
import type { RouteOptions } from '../../http/options.ts';
import { RequestMark } from '../../http/request-mark.ts';
import { KEY_HEADER } from '../../protocol/headers.ts';
import { type ContextHolder, GuardContexts } from '../guard-contexts.ts';
import { tapNodeBody, tappedBody } from '../node-http/body-tap.ts';
import { requestToPeek } from '../node-http/exchange.ts';
import { readNodeBody } from '../node-http/request-body.ts';
import { type Done, exchangeOf, FastifyExchange, type FastifyParts, type Next } from './exchange.ts';

type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void;

/** The parts that all hooks of a guard share. */
interface Parts<Kind extends TransactionKind> extends FastifyParts {
  readonly contexts: FastifyContexts<Kind>;
  readonly layer: HttpLayer<FastifyRequest, Kind>;
}

/** Marks the routes that have the guard as their last hook. */
const hasOwnHook = Symbol('latchkey.hasOwnHook');

interface RouteConfig {
  readonly idempotency?: RouteOptions<FastifyRequest> | false;
  readonly [hasOwnHook]?: boolean;
}

/** The text that Fastify prints for an application without routes. */
const noRoutes = '(empty tree)';

/** The contexts of one guard. */
export class FastifyContexts<Kind extends TransactionKind> extends GuardContexts<Kind, FastifyReply> {
  /** Bodies that were read before parsing. */
  readonly bodies = new RequestMark<RequestBody>();
  /** The routes that were declared after the guard. */
  readonly routes: DocumentedRoute[] = [];
  /** The variants of the guard, by the options of their routes. */
  readonly #layers = new WeakMap<object, HttpLayer<FastifyRequest, Kind>>();

  /** Returns the guard for a route with these options; undefined for an unguarded route. */
  layerFor(
    options: RouteConfig['idempotency'],
    layer: HttpLayer<FastifyRequest, Kind>,
  ): HttpLayer<FastifyRequest, Kind> | undefined {
    if (options === undefined) return layer;
    if (options === false) return undefined;
    const found = this.#layers.get(options) ?? layer.with(options);
    this.#layers.set(options, found);
    return found;
  }

  protected override find(request: FastifyRequest): ContextHolder<Kind, FastifyReply> | undefined {
    const exchange = exchangeOf<Kind>(request);
    return exchange?.hasRun === true && exchange.parts.contexts === this ? exchange : undefined;
  }
}

/** The value of `request.idempotency` for any guard; created on first use. */
function contextOf(request: FastifyRequest): FastifyRequest['idempotency'] {
  const exchange = exchangeOf<never>(request);
  return exchange?.hasRun === true ? exchange.context : undefined;
}

/** Fastify's default limit, if neither the route nor the application has set one. */
const defaultBodyLimit = 1_048_576;

/** Adds the guard to an instance. */
export function addHooks<Kind extends TransactionKind>(
  instance: FastifyInstance,
  layer: HttpLayer<FastifyRequest, Kind>,
  contexts: FastifyContexts<Kind>,
): void {
  if (!instance.hasRequestDecorator('idempotency')) {
    instance.decorateRequest('idempotency', {
      getter(this: FastifyRequest) {
        return contextOf(this);
      },
    });
  }
  // Later routes have their own hook: if there are no earlier routes, requests need no check of their route.
  const hasRoutes = instance.printRoutes() !== noRoutes;
  const parts: Parts<Kind> = { layer, ...addCapture(instance, contexts, contexts.bodies), contexts };
  instance.addHook('onRoute', (route) => appendHook(route, parts));
  if (hasRoutes) instance.addHook('preHandler', earlierRoutes(parts));
}

/**
 * Adds the hooks that read bodies before they are parsed, and that capture the answers of a guard's exchanges.
 *
 * @param contexts - an object that belongs to the guard alone.
 * @param bodies - gets the bodies that were read before parsing.
 */
export function addCapture(
  instance: FastifyInstance,
  contexts: object,
  bodies: FastifyParts['bodies'] = new RequestMark(),
): FastifyParts {
  const bodyLimit = instance.initialConfig.bodyLimit ?? defaultBodyLimit;
  const parts: FastifyParts = { contexts, bodies, bodyLimit };
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    if (mustBeRead(request, payload) && parts.bodies.get(request) === undefined)
      readBody(request, parts).then(() => done(), done);
    else done();
  });
  instance.addHook('onSend', (request, _reply, payload, done) => {
    const exchange = exchangeOf(request);
    if (exchange?.parts.contexts !== contexts) done();
    else exchange.onSend(payload, done as Next);
  });
  return parts;
}

const keyHeader = KEY_HEADER.toLowerCase();

/**
 * The guard needs the bytes of a body after it is parsed: they are usually tapped. Returns false for a stream with
 * which another plugin has replaced the request, for example to decompress it: the parsed value is compared then.
 */
function mustBeRead({ raw, headers }: FastifyRequest, payload: Readable): boolean {
  const isOfHttp1 = raw._read === IncomingMessage.prototype._read;
  return payload === raw && headers[keyHeader] !== undefined && !tapNodeBody(raw, isOfHttp1);
}

/** Reads a body that can't be tapped, up to the route's `bodyLimit`, and leaves it for the parser. */
async function readBody(request: FastifyRequest, { bodies, bodyLimit }: FastifyParts): Promise<void> {
  bodies.set(request, await readNodeBody(request.raw, {}, request.routeOptions.bodyLimit ?? bodyLimit));
}

/** Looks at a request before it reaches the guard. A 404 handler and an unguarded route have no records. */
export async function peekOnFastify<Kind extends TransactionKind>(
  request: FastifyRequest,
  layer: HttpLayer<FastifyRequest, Kind>,
  contexts: FastifyContexts<Kind>,
): Promise<Peek> {
  if (request.is404) return 'none';
  const { idempotency }: RouteConfig = request.routeOptions.config;
  const ofRoute = contexts.layerFor(idempotency, layer);
  return ofRoute === undefined ? 'none' : ofRoute.peek(fastifyRequestToPeek(request, contexts.bodies));
}

/** Returns the parts of a request that `peek` needs. */
export function fastifyRequestToPeek(
  request: FastifyRequest,
  bodies: FastifyParts['bodies'],
): PeekRequest<FastifyRequest> {
  const { raw, originalUrl, routeOptions } = request;
  const { bodyLimit = defaultBodyLimit } = routeOptions;
  const body = async (): Promise<RequestBody> => {
    const known = tappedBody(raw, bodyLimit) ?? bodies.get(request);
    if (known !== undefined) return known;
    const isUnread = !raw.readableDidRead && !raw.readableEnded;
    const read = await readNodeBody(raw, request, bodyLimit);
    // In a hook before parsing: the guard's own hook could not read the stream again.
    if (isUnread) bodies.set(request, read);
    return read;
  };
  return { ...requestToPeek(request, raw, originalUrl), body };
}

/** Adds the guard after the route's own hooks, since authentication is often one of them. */
function appendHook<Kind extends TransactionKind>(route: FastifyRoute, parts: Parts<Kind>): void {
  const layer = parts.contexts.layerFor((route.config as RouteConfig | undefined)?.idempotency, parts.layer);
  if (layer) parts.contexts.routes.push(documentedRoute(route, layer.contractBy));
  const own = route.preHandler ?? [];
  route.preHandler = [...(Array.isArray(own) ? own : [own]), hookFor(route.config ?? {}, route.bodyLimit, parts)];
  const config: RouteConfig = { ...route.config, [hasOwnHook]: true };
  route.config = config;
}

function documentedRoute(route: FastifyRoute, contractBy: ReadContract): DocumentedRoute {
  return {
    methods: [route.method].flat(),
    // Fastify adds a slash to the path of `/` under a prefix after this hook.
    get path() {
      return route.url;
    },
    contractBy,
  };
}

/** Guards the routes that were declared before the plugin was registered. */
function earlierRoutes<Kind extends TransactionKind>(parts: Parts<Kind>): Hook {
  const hooks = new WeakMap<object, Hook>();
  return (request, reply, done) => {
    // A 404 handler answers no operation: it runs without a route, or at the end of a handler that is already guarded.
    if (request.is404) return done();
    const { config, bodyLimit }: { config: RouteConfig; bodyLimit?: number } = request.routeOptions;
    if (config[hasOwnHook] === true) return done();
    const hook = hooks.get(config) ?? hookFor(config, bodyLimit, parts);
    hooks.set(config, hook);
    hook(request, reply, done);
  };
}

function hookFor<Kind extends TransactionKind>(
  { idempotency }: RouteConfig,
  bodyLimit: number | undefined,
  parts: Parts<Kind>,
): Hook {
  const layer = parts.contexts.layerFor(idempotency, parts.layer);
  if (layer === undefined) return (_request, _reply, done) => done();
  const shared: FastifyParts = { ...parts, bodyLimit: bodyLimit ?? parts.bodyLimit };
  return (request, reply, done) => {
    let exchange: FastifyExchange<Kind> | undefined;
    try {
      exchange = new FastifyExchange<Kind>(shared, request, reply, done);
    } catch (error) {
      done(error as Error);
    }
    exchange?.enter(layer);
  };
}
