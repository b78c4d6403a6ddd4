import { Readable } from 'node:stream';
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  Patch,
  Post,
  ServiceUnavailableException,
  StreamableFile,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { finalize, from, map, mergeMap, of, raceWith, tap, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  Idempotency,
  IdempotencyInterceptor,
  Idempotent,
  LatchkeyModule,
  SkipIdempotency,
} from '../../src/adapters/nest.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { open, responseTo } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, until } from '../../src/testing/adapter-suite/world.ts';
import { expectOnce, testStore } from '../../src/testing/index.ts';
import { createShop, platforms, type ShopRoute, seen, startShop } from './apps/nest-shop.ts';

/** A route whose answer is the number of its run. */
function counting(...more: readonly MethodDecorator[]): ShopRoute & { runs: number } {
  const route = {
    runs: 0,
    on: [Post('charges'), ...more],
    handle: () => {
      route.runs += 1;
      return { run: route.runs };
    },
  };
  return route;
}

describe.each(platforms)('the guard of nest on %s', (platform) => {
  it('R50 gives a revoked token 401 and no stored body', async () => {
    let isRevoked = false;
    const authenticates: CanActivate = {
      canActivate(context: ExecutionContext) {
        if (isRevoked) throw new UnauthorizedException('sign in again');
        context.switchToHttp().getRequest().user = { account: 'acme' };
        return true;
      },
    };
    const charge = counting(Idempotent(), UseGuards(authenticates));
    const principal = (request: { readonly method: string; readonly user: { readonly account: string } }) =>
      request.user.account;
    const module = LatchkeyModule.forRoot({ store: memoryStore(), principal: principal as () => string });
    const { send } = await startShop(platform, { routes: { charge }, module });
    expect(seen(await send())).toEqual({ status: 201, body: '{"run":1}', mark: 'executed' });
    expect(seen(await send())).toEqual({ status: 201, body: '{"run":1}', mark: 'replayed' });
    isRevoked = true;
    const refused = seen(await send());
    expect(refused).toMatchObject({ status: 401, mark: undefined });
    expect(refused.body).toContain('sign in again');
    expect(charge.runs).toBe(1);
  });

  it('guards every route as an APP_INTERCEPTOR, except those with @SkipIdempotency()', async () => {
    const charge = counting();
    const refund = { ...counting(SkipIdempotency()), on: [Post('refunds'), SkipIdempotency()] };
    const everywhere = { provide: APP_INTERCEPTOR, useExisting: IdempotencyInterceptor };
    const { send } = await startShop(platform, { routes: { charge, refund }, providers: [everywhere] });
    const marks = async (path: string) =>
      [await send({ path }), await send({ path })].map(({ header }) => header('idempotency-status'));
    expect(await marks('/charges')).toEqual(['executed', 'replayed']);
    expect(await marks('/refunds')).toEqual([undefined, undefined]);
  });

  it('makes one claim for decorators of controller, handler and application, with the settings of the nearest', async () => {
    const charge = counting(Idempotent({ key: { required: false } }));
    const change: ShopRoute = { on: [Patch('charges')], handle: () => 'changed' };
    const skipped: ShopRoute = { on: [Post('skipped'), SkipIdempotency()], handle: () => 'skipped' };
    const everywhere = { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor };
    const { send } = await startShop(platform, {
      routes: { charge, change, skipped },
      controller: [Idempotent({ key: { required: true } })],
      providers: [everywhere],
    });
    expect(seen(await send())).toEqual({ status: 201, body: '{"run":1}', mark: 'executed' });
    expect(seen(await send())).toEqual({ status: 201, body: '{"run":1}', mark: 'replayed' });
    expect(seen(await send({ key: undefined })).body).toBe('{"run":2}');
    expect(await send({ method: 'PATCH', key: undefined })).toMatchObject({ status: 400 });
    expect(seen(await send({ path: '/skipped', key: undefined })).body).toBe('skipped');
  });

  it('passes the context as a parameter, and undefined without a key', async () => {
    const contexts: (HttpContext | undefined)[] = [];
    const charge: ShopRoute = {
      on: [Post('charges'), Idempotent({ afterFailure: 'rerun' })],
      parameters: [Idempotency()],
      handle: async (context) => {
        contexts.push(context as HttpContext | undefined);
        return (context as HttpContext | undefined)?.step('charge', () => 'paid');
      },
    };
    const { send } = await startShop(platform, { routes: { charge } });
    expect(seen(await send()).body).toBe('paid');
    await send({ key: undefined });
    expect(contexts.map((context) => context?.attempt)).toEqual([1, undefined]);
  });

  it('does not start with options that have no store or no principal', async () => {
    const start = async (options: object) => {
      const module = LatchkeyModule.forRootAsync({ useFactory: () => options as never });
      await createShop(platform, { routes: { charge: counting(Idempotent()) }, module });
    };
    await expect(start({ principal: () => 'tenant' })).rejects.toThrow(/store must be a store/);
    await expect(start({ store: memoryStore() })).rejects.toThrow(/principal must be a function/);
    await expect(start(undefined as never)).rejects.toThrow(/takes an object with options/);
    const misspelt = Idempotent({ afterFailures: 'rerun' } as object);
    await expect(startShop(platform, { routes: { charge: counting(misspelt) } })).rejects.toThrow(/"afterFailure"/);
  });

  it('takes its options from a class, and is visible everywhere when it is global', async () => {
    class Options {
      createLatchkeyOptions() {
        return { store: memoryStore(), principal: () => 'tenant', key: { required: true } };
      }
    }
    const charge = counting(Idempotent());
    const module = LatchkeyModule.forRootAsync({ isGlobal: true, useClass: Options });
    expect(module.global).toBe(true);
    const { send } = await startShop(platform, { routes: { charge }, module });
    expect(await send({ key: undefined })).toMatchObject({ status: 400 });
    expect(seen(await send()).mark).toBe('executed');
  });

  it('waits for running handlers when the application is closed', async () => {
    let isDone = false;
    const started = Promise.withResolvers<void>();
    const charge: ShopRoute = {
      on: [Post('charges'), Idempotent()],
      handle: async () => {
        started.resolve();
        await new Promise((resolve) => setTimeout(resolve, 100));
        isDone = true;
        return 'paid';
      },
    };
    const { app, send } = await startShop(platform, { routes: { charge } });
    const answer = send().catch(() => undefined);
    await started.promise;
    await app.close();
    expect(isDone).toBe(true);
    await answer;
  });

  it('ends the interceptors before it on a replay, whatever they do with the value', async () => {
    const ended: unknown[] = [];
    const before: NestInterceptor = {
      intercept: (_context: ExecutionContext, next: CallHandler) =>
        next.handle().pipe(
          tap((value) => ended.push(value)),
          finalize(() => ended.push('ended')),
          map((data) => ({ data })),
        ),
    };
    const charge = counting(UseInterceptors(before, IdempotencyInterceptor));
    const { send } = await startShop(platform, { routes: { charge } });
    expect(seen(await send()).body).toBe('{"data":{"run":1}}');
    expect(seen(await send())).toEqual({ status: 201, body: '{"data":{"run":1}}', mark: 'replayed' });
    expect(await send({ body: '{"amount":1}' })).toMatchObject({ status: 422 });
    await until(() => ended.length === 6);
    expect(ended).toEqual([{ run: 1 }, 'ended', undefined, 'ended', undefined, 'ended']);
  });

  it('replays even if an interceptor before it fails without a value', async () => {
    const unwraps: NestInterceptor = {
      intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(map((charge) => charge.run)),
    };
    const charge = counting(UseInterceptors(unwraps, IdempotencyInterceptor));
    const { send } = await startShop(platform, { routes: { charge } });
    expect(seen(await send())).toEqual({ status: 201, body: '1', mark: 'executed' });
    expect(seen(await send())).toEqual({ status: 201, body: '1', mark: 'replayed' });
  });

  it('R85 does not take the answer of a timeout before it for that of the handler', async () => {
    const started = Promise.withResolvers<void>();
    const late = from(started.promise).pipe(mergeMap(() => throwError(() => new ServiceUnavailableException())));
    let requests = 0;
    const impatient: NestInterceptor = {
      intercept: (_context: ExecutionContext, next: CallHandler) => {
        requests += 1;
        return requests === 1 ? next.handle().pipe(raceWith(late)) : next.handle();
      },
    };
    const finished = Promise.withResolvers<void>();
    let runs = 0;
    const charge: ShopRoute = {
      on: [Post('charges'), UseInterceptors(impatient, IdempotencyInterceptor)],
      handle: async () => {
        runs += 1;
        started.resolve();
        await finished.promise;
        return 'paid';
      },
    };
    const { send } = await startShop(platform, { routes: { charge } });
    expect((await send()).status).toBe(503);
    expect(seen(await send()).mark).toContain('in-progress');
    finished.resolve();
    await until(async () => !seen(await send()).mark?.includes('in-progress'));
    expect(seen(await send()).mark).toContain('response-not-kept');
    expect(runs).toBe(1);
  });

  it('does not hold the key of a file whose client disconnects in the middle', async () => {
    const { promise: never } = Promise.withResolvers<void>();
    async function* pieces() {
      yield 'one';
      await never;
    }
    const charge: ShopRoute = {
      on: [Post('charges'), Idempotent({ timing: { leaseMs: 300 } })],
      handle: () => new StreamableFile(Readable.from(pieces())),
    };
    const { origin, send } = await startShop(platform, { routes: { charge } });
    const body = '{"amount":2000}';
    const request = open(origin, { key: firstKey, body }).on('error', () => {});
    request.end(body);
    (await responseTo(request)).on('error', () => {}).once('data', () => request.destroy());
    await until(async () => !seen(await send()).mark?.includes('in-progress'));
    expect(seen(await send()).mark).toContain('response-not-kept');
  });

  it('tells the retry that the answer of an Observable was not kept, after a disconnect', async () => {
    const finished = Promise.withResolvers<string>();
    let runs = 0;
    const charge: ShopRoute = {
      on: [Post('charges'), Idempotent({ timing: { leaseMs: 300 } })],
      handle: () => {
        runs += 1;
        return from(finished.promise);
      },
    };
    const { origin, send } = await startShop(platform, { routes: { charge } });
    const body = '{"amount":2000}';
    const request = open(origin, { key: firstKey, body }).on('error', () => {});
    request.end(body);
    await until(() => runs === 1);
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    finished.resolve('paid');
    await until(async () => !seen(await send()).mark?.includes('in-progress'));
    expect(seen(await send()).mark).toContain('response-not-kept');
    expect(runs).toBe(1);
  });

  it('is tested by expectOnce', async () => {
    const store = testStore();
    const charged = new Set<string>();
    const charge: ShopRoute = {
      on: [Post('charges'), Idempotent({ afterFailure: 'rerun' })],
      parameters: [Idempotency()],
      handle: (context) =>
        (context as HttpContext).step('charge', ({ idempotencyKey }) => charged.add(idempotencyKey).size),
    };
    const module = LatchkeyModule.forRoot({ store, principal: () => 'tenant', log: false });
    const { app } = await createShop(platform, { routes: { charge }, module });
    await expectOnce(app, { path: '/charges', body: { amount: 2000 } }, { store, effects: () => charged.size });
  });

  it('lets handlers of other transports run, and warns once', async () => {
    const warnings: unknown[] = [];
    const module = LatchkeyModule.forRoot({
      store: memoryStore(),
      principal: () => 'tenant',
      log: ({ code }) => void warnings.push(code),
    });
    const { app } = await createShop(platform, { routes: { charge: counting() }, module });
    const interceptor = app.get(IdempotencyInterceptor);
    for (const type of ['rpc', 'ws', 'rpc']) {
      const context: Partial<ExecutionContext> = { getType: <Type extends string>() => type as Type };
      const results = await interceptor.intercept(context as ExecutionContext, { handle: () => of('done') });
      results.subscribe((value) => expect(value).toBe('done'));
    }
    expect(warnings).toEqual(['transport-unsupported']);
  });
});
