/**
 * The guard of a module: one for all its interceptors.
 *
 * @module
 */

import type { CallHandler, ExecutionContext, OnApplicationShutdown, OnModuleInit, Type } from '@nestjs/common';
import { type ApplicationConfig, type HttpAdapterHost, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { createEmit } from '../../core/log.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { Contract } from '../../http/contract/contract.ts';
import type { NameHandlers, ReadContract } from '../../http/contract/contract-access.ts';
import { createHttpLayer } from '../../http/create-layer.ts';
import type { PeekRequest } from '../../http/exchange.ts';
import type { Health } from '../../http/health.ts';
import type { HttpLayer, Peek } from '../../http/layer.ts';
import type { GuardOptions } from '../../http/options.ts';
import { RequestMark } from '../../http/request-mark.ts';
import { createWarn, type Warn } from '../../http/warnings.ts';
import type { FastifyParts } from '../fastify-parts/exchange.ts';
import { addCapture, fastifyRequestToPeek } from '../fastify-parts/hooks.ts';
import { requestToPeek } from '../node-http/exchange.ts';
import { type Handler, nameHandlersOf } from './documents.ts';
import { NestExpressExchange } from './express-exchange.ts';
import { NestFastifyExchange } from './fastify-exchange.ts';
import { HandlerRun, type NestCall } from './handler-run.ts';
import { isMutation, keyArgument, type NativePair, nativePairOf } from './mutation.ts';
import { keyHeader, type NestRequest } from './request.ts';
import { NestRoutes } from './routes.ts';

/** The guard of a module. */
export class NestGuard<Kind extends TransactionKind = never> implements OnModuleInit, OnApplicationShutdown {
  readonly #layer: HttpLayer<NestRequest, Kind>;
  readonly #routes: NestRoutes<Kind>;
  readonly #warn: Warn;
  readonly #adapterHost: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  /** Names the handlers of the application, whichever of its guards protects them. */
  readonly nameHandlers: NameHandlers;
  /** Requests that an interceptor before this one guards: controller and handler may both have one. */
  readonly #entered = new RequestMark<HandlerRun>();
  #fastify: FastifyParts | undefined;

  /** @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`. */
  constructor(
    options: GuardOptions<NestRequest, Kind>,
    adapterHost: HttpAdapterHost,
    modules: ModulesContainer,
    config: ApplicationConfig,
  ) {
    this.#layer = createHttpLayer(options);
    this.#routes = new NestRoutes(this.#layer);
    this.#warn = createWarn(createEmit(options));
    this.#adapterHost = adapterHost;
    this.#modules = modules;
    this.nameHandlers = nameHandlersOf(modules, config);
  }

  /** Nest calls it before the server accepts requests: options of decorators are checked here too. */
  onModuleInit(): void {
    if (this.#isOnFastify) this.#fastifyParts();
    const scanner = new MetadataScanner();
    for (const { controllers } of this.#modules.values())
      for (const { metatype } of controllers.values()) {
        if (typeof metatype !== 'function') continue;
        const { prototype } = metatype;
        for (const name of scanner.getAllMethodNames(prototype)) this.#routes.of(metatype, prototype[name]);
      }
  }

  /** Waits for running handlers, and for their answers to be stored. The store's client belongs to the application. */
  onApplicationShutdown(): Promise<void> {
    return this.#layer.shutdown();
  }

  /** The interceptor's part of a request. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const type: string = context.getType();
    if (type === 'http') {
      const [request, response] = context.getArgs<[object, object]>();
      return this.#handle(context, next, { request, response });
    }
    if (type === 'graphql') return isMutation(context) ? this.#handle(context, next) : next.handle();
    this.#warn('transport-unsupported', `A handler of the transport "${type}" runs without protection.`);
    return next.handle();
  }

  /** What the guard would do with the request of a handler; see `GuardFace.peek`. */
  async peek(context: ExecutionContext): Promise<Peek> {
    const type: string = context.getType();
    if (type !== 'http' && !(type === 'graphql' && isMutation(context))) return 'none';
    const { layer, keyArgument: argument } = this.#routes.of(context.getClass(), context.getHandler());
    if (layer === undefined) return 'none';
    const request = type === 'http' ? context.getArgs<[object]>()[0] : nativePairOf(context).request;
    const found = this.#isOnFastify
      ? fastifyRequestToPeek(request as FastifyRequest, this.#fastifyParts().bodies)
      : requestToPeek(request as Request, request as Request, (request as Request).originalUrl);
    const key = type === 'graphql' && argument !== undefined ? keyArgument(context, argument) : undefined;
    const headers = (name: string) => (key !== undefined && name === keyHeader ? [key] : found.headers(name));
    return layer.peek({ ...found, headers } as PeekRequest<NestRequest>);
  }

  /** See `GuardFace.health`. */
  health(): Promise<Health> {
    return this.#layer.health();
  }

  /** What the guard promises for a handler, or without one; see `IdempotencyInterceptor.contract`. */
  async contract(controller?: Type, handler?: string): Promise<Contract | undefined> {
    if (controller === undefined || handler === undefined) return this.#layer.contract();
    return this.#routes.of(controller, controller.prototype[handler]).layer?.contract();
  }

  /** Reads the contract of a handler; undefined for one with `@SkipIdempotency()`. */
  readerOf(controller: Type, handler: Handler): ReadContract | undefined {
    return this.#routes.of(controller, handler).layer?.contractBy;
  }

  #handle(context: ExecutionContext, next: CallHandler, ofHttp?: NativePair): Observable<unknown> {
    const route = this.#routes.of(context.getClass(), context.getHandler());
    const { layer, keyArgument: argument } = route;
    if (layer === undefined) return next.handle();
    const native = ofHttp ?? nativePairOf(context);
    const isOfMutation = ofHttp === undefined;
    const entered = this.#entered.get(native.request);
    // Several mutations of one request share its answer.
    if (entered !== undefined) return isOfMutation || entered.surrounds ? next.handle() : entered.result;
    const key = isOfMutation && argument !== undefined ? keyArgument(context, argument) : undefined;
    const handler = new HandlerRun(next, route);
    this.#entered.set(native.request, handler);
    this.#enter(layer, { handler, kind: route, isMutation: isOfMutation, key }, native);
    return handler.result;
  }

  #enter(layer: HttpLayer<NestRequest, Kind>, call: NestCall, { request, response }: NativePair): void {
    if (this.#isOnFastify) {
      const parts = this.#fastifyParts();
      const exchange = new NestFastifyExchange<Kind>(parts, call, request as FastifyRequest, response as FastifyReply);
      exchange.enter(layer as unknown as HttpLayer<FastifyRequest, Kind>);
    } else new NestExpressExchange<Kind>(call, request as Request, response as Response).enter(layer);
  }

  get #isOnFastify(): boolean {
    return this.#adapterHost.httpAdapter?.getType() === 'fastify';
  }

  /** @throws if the module is loaded lazily, when the server has started: Fastify accepts no more hooks then. */
  #fastifyParts(): FastifyParts {
    this.#fastify ??= addCapture(this.#adapterHost.httpAdapter.getInstance<FastifyInstance>(), this);
    return this.#fastify;
  }
}
