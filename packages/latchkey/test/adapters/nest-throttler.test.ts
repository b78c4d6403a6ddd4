/** A throttler of Nest that lets retries pass, as docs/limiters.md shows it. */

import { type ExecutionContext, Inject, Injectable, Post, UseGuards } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import { IdempotencyInterceptor, Idempotent, LatchkeyModule } from '../../src/adapters/nest.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { otherKey } from '../../src/testing/adapter-suite/world.ts';
import { faultyStore } from '../../src/testing/index.ts';
import { platforms, seen, startShop } from './apps/nest-shop.ts';

class RetryThrottlerGuard extends ThrottlerGuard {
  declare readonly idempotency: IdempotencyInterceptor;

  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return ['replay', 'running'].includes(await this.idempotency.peek(context));
  }
}

// What the decorators of the page do, whose syntax Node does not run.
Injectable()(RetryThrottlerGuard);
Inject(IdempotencyInterceptor)(RetryThrottlerGuard.prototype, 'idempotency');

async function start(platform: (typeof platforms)[number]) {
  let orders = 0;
  const { store, faults } = faultyStore(memoryStore());
  const options = { store, principal: () => 'tenant', log: false, timing: { claimTimeoutMs: 200 } } as const;
  const latchkey = LatchkeyModule.forRoot({ isGlobal: true, ...options });
  const throttler = ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }]);
  const { send } = await startShop(platform, {
    module: { module: class Modules {}, imports: [latchkey, throttler], exports: [throttler] },
    routes: {
      order: {
        on: [Post('charges'), UseGuards(RetryThrottlerGuard), Idempotent({ fingerprint: { ignore: ['/sentAt'] } })],
        handle: () => {
          orders += 1;
          return { order: orders };
        },
      },
    },
  });
  return { send, faults };
}

describe.each(platforms)('a throttler before the guard of Nest, on %s', (platform) => {
  it('counts requests that run, and lets the retry of a lost answer pass', async () => {
    const { send } = await start(platform);
    const body = (sentAt: number) => JSON.stringify({ item: 'tea', sentAt });
    expect(seen(await send({ body: body(1) }))).toEqual({ status: 201, body: '{"order":1}', mark: 'executed' });
    expect((await send({ key: otherKey, body: body(1) })).status).toBe(201);
    expect(seen(await send({ key: 'order-3', body: body(1) }))).toMatchObject({ status: 429, mark: undefined });
    for (const again of [2, 3])
      expect(seen(await send({ body: body(again) }))).toEqual({ status: 201, body: '{"order":1}', mark: 'replayed' });
    expect((await send({ body: '{"item":"pot"}' })).status).toBe(429);
  });

  it('R60 counts requests while the store is down', async () => {
    const { send, faults } = await start(platform);
    faults.plan(() => ({ kind: 'hang' }));
    const statuses = [await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([503, 503, 429]);
  });
});
