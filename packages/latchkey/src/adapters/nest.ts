/**
 * The guard for NestJS 11 and 12, on Express and on Fastify.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [LatchkeyModule.forRoot({ isGlobal: true, store: memoryStore(), principal: accountOf })],
 *   controllers: [ChargesController],
 * })
 * export class AppModule {}
 *
 * @Controller('charges')
 * export class ChargesController {
 *   @Post()
 *   @Idempotent({ key: { required: true } })
 *   create(@Body() charge: Charge, @Idempotency() context: HttpContext) {
 *     return context.step('charge', ({ idempotencyKey }) => provider.charge(charge, { idempotencyKey }))
 *   }
 * }
 * ```
 * @module
 */

import {
  applyDecorators,
  type CallHandler,
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  createParamDecorator,
  type DynamicModule,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  SetMetadata,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { TransactionKind } from '../core/store.ts';
import type { Contract } from '../http/contract/contract.ts';
import { handlersKey, type NameHandlers } from '../http/contract/contract-access.ts';
import type { Health } from '../http/health.ts';
import type { Peek } from '../http/layer.ts';
import type { GuardOptions } from '../http/options.ts';
import { readers } from './nest-parts/documents.ts';
import { requestOf } from './nest-parts/mutation.ts';
import { NestGuard } from './nest-parts/nest-guard.ts';
import type { NestRouteOptions } from './nest-parts/options.ts';
import { contextOf, type NestRequest } from './nest-parts/request.ts';
import { routeMetadata } from './nest-parts/routes.ts';

export type { NestRequest, NestRouteOptions };

/** What `forRoot` and `forRootAsync` take besides the options of the guard. */
export interface LatchkeyModuleExtras {
  /** True to use `@Idempotent()` in every module without importing this one there. Default false. */
  isGlobal?: boolean;
}

/** A class that `forRootAsync` takes as `useClass` or `useExisting`. */
export interface LatchkeyOptionsFactory<
  Native extends NestRequest = NestRequest,
  Kind extends TransactionKind = never,
> {
  /** Returns the options of the guard. */
  createLatchkeyOptions(): GuardOptions<Native, Kind> | Promise<GuardOptions<Native, Kind>>;
}

/** The options of `forRootAsync`: `imports`, `inject`, and one of `useFactory`, `useClass` and `useExisting`. */
export type LatchkeyAsyncOptions<Native extends NestRequest, Kind extends TransactionKind> = LatchkeyModuleExtras &
  ConfigurableModuleAsyncOptions<GuardOptions<Native, Kind>, 'createLatchkeyOptions'>;

/** `LatchkeyModule` declares the type of the options, which the base class cannot infer from them. */
const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<never>({
  moduleName: 'Latchkey',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLatchkeyOptions')
  .setExtras<LatchkeyModuleExtras>({ isGlobal: false }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal === true,
  }))
  .build();

/**
 * The module of the guard. When the application shuts down, it refuses new operations and waits for running ones, with
 * `enableShutdownHooks()` or `app.close()`. The store's client belongs to the application.
 */
export class LatchkeyModule extends ConfigurableModuleClass {
  /**
   * Configures the guard. Annotate the parameter of `principal` to use the application's own type of request.
   *
   * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`, while the application
   * starts.
   */
  static override forRoot<Native extends NestRequest = NestRequest, Kind extends TransactionKind = never>(
    options: GuardOptions<Native, Kind> & LatchkeyModuleExtras,
  ): DynamicModule {
    // biome-ignore lint/complexity/noThisInStatic: the base class needs this class as its `this`.
    return super.forRoot(options as never);
  }

  /**
   * Configures the guard with what other modules provide.
   *
   * @throws LatchkeyError as `forRoot`.
   * @example
   * ```ts
   * LatchkeyModule.forRootAsync({
   *   imports: [DatabaseModule],
   *   inject: [Pool],
   *   useFactory: (pool: Pool) => ({ store: postgresStore({ client: pool }), principal: accountOf }),
   * })
   * ```
   */
  static override forRootAsync<Native extends NestRequest = NestRequest, Kind extends TransactionKind = never>(
    options: LatchkeyAsyncOptions<Native, Kind>,
  ): DynamicModule {
    // biome-ignore lint/complexity/noThisInStatic: the base class needs this class as its `this`.
    return super.forRootAsync(options as never);
  }
}

/**
 * Guards the handlers of a controller, or with `{ provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }` those
 * of the whole application. It runs after Nest's guards, and before pipes and the handler. What an exception filter
 * answers is the answer that is stored.
 *
 * The interceptors before it see the answer on the first request; on a replay, and when the guard refuses a request,
 * they see `undefined`, and what they return is not sent.
 */
export class IdempotencyInterceptor implements NestInterceptor {
  readonly #guard: NestGuard;

  /** @internal For `describeNest` of `latchkey/openapi`. */
  readonly [handlersKey]: NameHandlers;

  /** @internal */
  constructor(guard: NestGuard) {
    this.#guard = guard;
    this[handlersKey] = guard.nameHandlers;
    readers.set(this, (controller, handler) => guard.readerOf(controller, handler));
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.#guard.intercept(context, next);
  }

  /**
   * Says what the guard would do with a request, by one read of the store: with the same key, principal and fingerprint.
   * For Nest's guards, which run before it, such as a throttler that lets retries pass: count `'new'` and `'none'`, and
   * let `'replay'` and `'running'` pass. It is only a hint: two first requests at the same time may both get `'new'`.
   * While the store is down, it resolves to `'unknown'` within `timing.claimTimeoutMs` milliseconds.
   *
   * @example
   * ```ts
   * @Injectable()
   * export class RetryThrottlerGuard extends ThrottlerGuard {
   *   @Inject(IdempotencyInterceptor) private readonly idempotency: IdempotencyInterceptor
   *
   *   protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
   *     return ['replay', 'running'].includes(await this.idempotency.peek(context))
   *   }
   * }
   * ```
   */
  peek(context: ExecutionContext): Promise<Peek> {
    return this.#guard.peek(context);
  }

  /**
   * Returns what the guard promises to clients, read from the options of the module, or of a controller's handler:
   * undefined for one with `@SkipIdempotency()`.
   *
   * @example
   * ```ts
   * await interceptor.contract(ChargesController, 'create')
   * ```
   */
  contract(controller?: Type, handler?: string): Promise<Contract | undefined> {
    return this.#guard.contract(controller, handler);
  }

  /** Examines the store, for a readiness probe: see `health` of the guards for other frameworks. */
  health(): Promise<Health> {
    return this.#guard.health();
  }
}

// Decorators as functions: their syntax would need an option of the compiler.
Injectable()(IdempotencyInterceptor);
Inject(NestGuard)(IdempotencyInterceptor, undefined, 0);
Module({
  providers: [
    {
      provide: NestGuard,
      useFactory: (...parts: ConstructorParameters<typeof NestGuard>) => new NestGuard(...parts),
      inject: [MODULE_OPTIONS_TOKEN, HttpAdapterHost, ModulesContainer, ApplicationConfig],
    },
    IdempotencyInterceptor,
  ],
  exports: [NestGuard, IdempotencyInterceptor],
})(LatchkeyModule);

/**
 * Guards a handler, or all handlers of a controller, with these settings. Settings of a handler come on top of those of
 * its controller, and these on top of the module's.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, while the application starts.
 */
export function Idempotent<Native extends NestRequest = NestRequest>(
  options: NestRouteOptions<Native> = {},
): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(routeMetadata, options), UseInterceptors(IdempotencyInterceptor));
}

/** Leaves a handler, or all handlers of a controller, without protection. `@Idempotent()` on a handler comes first. */
export function SkipIdempotency(): ClassDecorator & MethodDecorator {
  return SetMetadata(routeMetadata, false);
}

/**
 * The context of a handler, as a parameter: an `HttpContext`, or undefined if the request runs without protection, such
 * as one without a key where the route does not require it.
 *
 * @example
 * ```ts
 * create(@Body() order: Order, @Idempotency() context: HttpContext<PostgresTransactions<PoolClient>>) {}
 * ```
 */
export const Idempotency: () => ParameterDecorator = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => contextOf(requestOf(context)),
);
