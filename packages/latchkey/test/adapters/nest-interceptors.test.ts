import { setTimeout as pause } from 'node:timers/promises';
import { type CallHandler, Post, UseInterceptors } from '@nestjs/common';
import { map, NEVER, type Observable, retry, switchMap, timeout } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Idempotent } from '../../src/adapters/nest.ts';
import { platforms, seen, startShop } from './apps/nest-shop.ts';

type Around = (results: Observable<unknown>) => Observable<unknown>;

/** A route with an interceptor before the guard. */
function behind(around: Around, work: () => Promise<void> = async () => {}) {
  const interceptor = { intercept: (_context: unknown, next: CallHandler) => around(next.handle()) };
  const route = {
    runs: 0,
    on: [Post('charges'), UseInterceptors(interceptor), Idempotent()],
    handle: async () => {
      route.runs += 1;
      await work();
      return { run: route.runs };
    },
  };
  return route;
}

/** Fails for a replay, of which the interceptors before the guard get undefined. */
const needsValue = map((value: unknown) => ({ run: (value as { run: number }).run }));

describe.each(platforms)('an interceptor before the guard on %s', (platform) => {
  it('that subscribes again after an error does not run the handler again', async () => {
    const charge = behind((results) => results.pipe(needsValue, retry(1)));
    const { send } = await startShop(platform, { routes: { charge } });
    const answers = [await send(), await send(), await send({ body: '{"amount":1}' })];
    expect(answers.map(seen).map(({ status, mark }) => [status, mark])).toEqual([
      [201, 'executed'],
      [201, 'replayed'],
      [422, 'key-reused'],
    ]);
    expect(charge.runs).toBe(1);
  });

  it('that subscribes again while the handler runs does not run it again', async () => {
    const charge = behind(
      (results) => results.pipe(timeout(40), retry(1)),
      () => pause(150),
    );
    const { send } = await startShop(platform, { routes: { charge } });
    expect((await send()).status).toBeGreaterThanOrEqual(500);
    await expect.poll(async () => (await send()).status).not.toBe(409);
    expect(charge.runs).toBe(1);
  });

  it('that never ends on a replay does not hold it up', async () => {
    const charge = behind((results) => results.pipe(switchMap((value) => (value === undefined ? NEVER : [value]))));
    const { send } = await startShop(platform, { routes: { charge } });
    expect([seen(await send()).mark, seen(await send()).mark]).toEqual(['executed', 'replayed']);
  });
});
