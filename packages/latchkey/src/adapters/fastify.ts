/**
 * The guard for Fastify 5. Fastify 4 refuses it, with `FST_ERR_PLUGIN_VERSION_MISMATCH`.
 *
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: (request) => request.auth.tenantId })
 * await app.register(guard)
 * app.post('/charges', { config: { idempotency: { key: { required: true } } } }, async (request, reply) => {
 *   const charge = await request.idempotency?.step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 *   return reply.code(201).send(charge)
 * })
 * ```
 * @module
 */

import type { FastifyBaseLogger, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { consoleLog, type RequestLog } from '../core/log.ts';
import type { TransactionKind } from '../core/store.ts';
import { type DocumentedRoute, routesKey } from '../http/contract/contract-access.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { HttpContext, Peek } from '../http/layer.ts';
import type { RouteOptions as GuardedRoute, GuardOptions } from '../http/options.ts';
import { FastifyExchange } from './fastify-parts/exchange.ts';
import { addHooks, FastifyContexts, peekOnFastify } from './fastify-parts/hooks.ts';
import type { GuardFace } from './guard-contexts.ts';

/**
 * Defines the type of the transactions of `request.idempotency`; augment it once.
 *
 * @example
 * ```ts
 * declare module 'latchkey/fastify' {
 *   interface Register { guard: typeof guard }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented
export interface Register {}

type RegisteredKind = Register extends { guard: FastifyGuard<infer Kind> } ? Kind : never;

declare module 'fastify' {
  interface FastifyRequest {
    /** The context of a guarded request; undefined if it runs without protection. */
    idempotency: HttpContext<RegisteredKind, FastifyReply> | undefined;
  }
  interface FastifyContextConfig {
    /** Settings of this route, or false to leave it unguarded. */
    idempotency?: GuardedRoute<FastifyRequest> | false;
  }
}

/**
 * A plugin that guards the routes of the instance in which it is registered, and of its child instances. Register it
 * with `await`, so that it sees the routes that follow: on these it runs after all their `preHandler` hooks, including
 * authentication. On routes declared before it, it runs before their own `preHandler` hooks.
 *
 * An answer, including that of an error handler, is stored as it reaches the guard's `onSend` hook. `onSend` hooks
 * registered before the guard run before the answer is stored; later hooks run on the first answer and on each replay.
 * Streams, and responses written with `reply.hijack()` or `reply.raw`, are stored as they leave Fastify, including the
 * coding of a compression plugin. Fastify destroys a stream when the client disconnects: such an answer counts as
 * broken, and its body is not kept. `context.finish` sends the answer and resolves with the reply, for the handler to
 * return.
 */
export interface FastifyGuard<Kind extends TransactionKind = never>
  extends FastifyPluginCallback,
    GuardFace<FastifyRequest, Kind, FastifyReply> {
  /**
   * As for other frameworks. Call it in a `preHandler` hook, when the body is parsed; it uses the options in the config
   * of the request's route.
   *
   * @example
   * ```ts
   * await app.register(rateLimit, {
   *   hook: 'preHandler',
   *   allowList: async (request) => ['replay', 'running'].includes(await guard.peek(request)),
   * })
   * await app.register(guard)
   * ```
   */
  peek(request: FastifyRequest): Promise<Peek>;
  /** @internal For `describeFastify` of `latchkey/openapi`. */
  readonly [routesKey]: readonly DocumentedRoute[];
}

/** The log of a guard without the option `log`. */
class FastifyLog {
  /** Set when the plugin is registered. */
  application: FastifyBaseLogger | undefined;

  readonly write: RequestLog = (entry, caller) => {
    const logger = caller instanceof FastifyExchange ? caller.native.log : this.application;
    // With `logger: false`, the default, Fastify has a logger whose methods are one empty function.
    if (logger === undefined || (logger.level === undefined && logger.error === logger.trace)) return consoleLog(entry);
    const { level, message, ...rest } = entry;
    logger[level](rest, `latchkey ${entry.code}: ${message}`);
  };
}

/**
 * Creates a guard for Fastify. Without the option `log`, entries go to `request.log`, or to the application's logger if
 * they are not about a request; if the application has no logger, to the console.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<Kind extends TransactionKind = never>(
  options: GuardOptions<FastifyRequest, Kind>,
): FastifyGuard<Kind> {
  const log = new FastifyLog();
  const layer = createHttpLayer(options, {}, log.write);
  const contexts = new FastifyContexts<Kind>();
  const plugin: FastifyPluginCallback = (instance, _options, done) => {
    log.application = instance.log;
    addHooks(instance, layer, contexts);
    done();
  };
  return Object.assign(plugin, {
    context: (request: FastifyRequest) => contexts.get(request),
    tryContext: (request: FastifyRequest) => contexts.tryGet(request),
    contract: () => layer.contract(),
    [routesKey]: contexts.routes,
    health: () => layer.health(),
    peek: (request: FastifyRequest) => peekOnFastify(request, layer, contexts),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
    // The same properties that fastify-plugin sets: the hooks belong to the registering instance, not to a child of it.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'latchkey',
    // Fastify refuses the plugin if its own version differs, and names both.
    [Symbol.for('plugin-meta')]: { name: 'latchkey/fastify', fastify: '5.x' },
  });
}
