import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import {
  type ArgumentsHost,
  BadRequestException,
  Body,
  type CallHandler,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Header,
  HttpCode,
  type NestInterceptor,
  type PipeTransform,
  Post,
  Redirect,
  RequestMethod,
  Res,
  Sse,
  StreamableFile,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import type { Response } from 'express';
import type { FastifyReply } from 'fastify';
import { from, map } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Idempotency, Idempotent, LatchkeyModule } from '../../src/adapters/nest.ts';
import { NothingHappenedError } from '../../src/core/errors.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import type { RouteOptions } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import type { SqliteTransactions } from '../../src/stores/sqlite/index.ts';
import type { Platform } from './apps/nest.ts';
import { platforms, type ShopRoute, startShop } from './apps/nest-shop.ts';
import { sqlite } from './apps/stores.ts';

type AnyResponse = Response & FastifyReply;

const post = Post('charges');
const wraps: NestInterceptor = {
  intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(map((data) => ({ data }))),
};
const rejects: PipeTransform = {
  transform() {
    throw new BadRequestException(['amount must be a number']);
  },
};

/** Handlers and the answer that each must give, at first and again. */
const answers: Readonly<Record<string, { route: ShopRoute; status?: number; body?: string; headers?: object }>> = {
  'an object': { route: { on: [post], handle: () => ({ paid: true }) }, body: '{"paid":true}' },
  'a text': { route: { on: [post], handle: async () => 'paid' }, body: 'paid' },
  nothing: { route: { on: [post], handle: () => {} }, body: '' },
  'an Observable': { route: { on: [post], handle: () => from(['first', 'last']) }, body: 'last' },
  '@HttpCode()': { route: { on: [post, HttpCode(202)], handle: () => 'later' }, status: 202, body: 'later' },
  '@HttpCode(204)': { route: { on: [post, HttpCode(204)], handle: () => {} }, status: 204, body: '' },
  '@Header()': {
    route: { on: [post, Header('X-Shop', 'one'), Header('Cache-Control', 'private')], handle: () => 'paid' },
    headers: { 'x-shop': 'one', 'cache-control': 'private' },
  },
  '@Redirect()': {
    route: { on: [post, Redirect('/elsewhere', 303)], handle: () => {} },
    status: 303,
    headers: { location: '/elsewhere' },
  },
  'a dynamic @Redirect()': {
    route: { on: [post, Redirect('/elsewhere', 303)], handle: () => ({ url: '/charges/1', statusCode: 307 }) },
    status: 307,
    headers: { location: '/charges/1' },
  },
  '@Res()': {
    route: {
      on: [post],
      parameters: [Res()],
      handle: (response) => void (response as AnyResponse).status(202).header('X-Shop', 'own').send({ paid: 'own' }),
    },
    status: 202,
    body: '{"paid":"own"}',
    headers: { 'x-shop': 'own' },
  },
  '@Res() that fails': {
    route: {
      on: [post],
      parameters: [Res()],
      handle: (response) => void (response as AnyResponse).status(500).send('no'),
    },
    status: 500,
    body: 'no',
  },
  '@Res({ passthrough: true })': {
    route: {
      on: [post],
      parameters: [Res({ passthrough: true })],
      handle: (response) => {
        (response as AnyResponse).status(202).header('X-Shop', 'passing');
        return { paid: 'passing' };
      },
    },
    status: 202,
    body: '{"paid":"passing"}',
    headers: { 'x-shop': 'passing' },
  },
  '@Res({ passthrough: true }) that fails': {
    route: {
      on: [post],
      parameters: [Res({ passthrough: true })],
      handle: (response) => void (response as AnyResponse).status(503),
    },
    status: 503,
    body: '',
  },
  'a StreamableFile of bytes': {
    route: { on: [post], handle: () => new StreamableFile(Buffer.from([0, 255, 1]), { type: 'image/png' }) },
    body: Buffer.from([0, 255, 1]).toString(),
    headers: { 'content-type': 'image/png', 'content-length': '3' },
  },
  'a StreamableFile of a stream': {
    route: {
      on: [post],
      handle: () => new StreamableFile(Readable.from([Buffer.from('a'), Buffer.from('b')]), { disposition: 'inline' }),
    },
    body: 'ab',
    headers: { 'content-disposition': 'inline' },
  },
  'an envelope': { route: { on: [UseInterceptors(wraps), post], handle: () => 1 }, body: '{"data":1}' },
  'events of @Sse()': {
    route: {
      on: [Sse('charges', { method: RequestMethod.POST })],
      handle: () => from([{ data: 'one' }, { data: { two: 2 } }]),
    },
    body: '\nid: 1\ndata: one\n\nid: 2\ndata: {"two":2}\n\n',
    headers: { 'content-type': expect.stringContaining('text/event-stream') },
  },
};

function counted(route: ShopRoute, count: { runs: number }): ShopRoute {
  const handle = (...given: readonly unknown[]) => {
    count.runs += 1;
    return route.handle(...given);
  };
  return { ...route, on: [...route.on, Idempotent()], handle };
}

const cases = platforms.flatMap((platform) =>
  Object.entries(answers).map(([name, expected]) => ({ platform, name, ...expected })),
);

it.each(cases)('nest on $platform replays $name', async ({ platform, route, status = 201, body, headers = {} }) => {
  const count = { runs: 0 };
  const { send, logged } = await startShop(platform, { routes: { charge: counted(route, count) } });
  for (const mark of ['executed', 'replayed']) {
    const answer = await send();
    const found = Object.fromEntries(Object.keys(headers).map((name) => [name, answer.header(name)]));
    expect([answer.status, found, answer.complete]).toEqual([status, headers, true]);
    if (body !== undefined) expect(answer.body.toString()).toBe(body);
    expect(answer.header('idempotency-status')).toBe(mark);
  }
  expect(count.runs).toBe(1);
  expect(logged.errors).toEqual([]);
});

/** What the filter of an application makes of any error. */
class HouseStyle implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<AnyResponse>();
    response
      .status(error.message === 'declined' ? 402 : 500)
      .header('X-House', 'yes')
      .send({ house: error.message });
  }
}
Catch()(HouseStyle);

describe.each(platforms)('errors in nest on %s', (platform: Platform) => {
  async function failing(error: () => Error, options: RouteOptions<never> = {}, ...more: MethodDecorator[]) {
    let runs = 0;
    const charge: ShopRoute = {
      on: [post, Idempotent(options as object), ...more],
      parameters: [Idempotency()],
      handle: () => {
        runs += 1;
        throw error();
      },
    };
    const { send } = await startShop(platform, { routes: { charge } });
    const both = [await send(), await send()];
    return {
      runs,
      statuses: both.map(({ status }) => status),
      bodies: both.map(({ body }) => body.toString()),
      marks: both.map(({ header }) => header('idempotency-status')),
      house: both.map(({ header }) => header('x-house')),
    };
  }

  it('R33 replays the answer of an exception filter', async () => {
    expect(await failing(() => new Error('declined'), {}, UseFilters(HouseStyle))).toEqual({
      runs: 1,
      statuses: [402, 402],
      bodies: ['{"house":"declined"}', '{"house":"declined"}'],
      marks: ['executed', 'replayed'],
      house: ['yes', 'yes'],
    });
  });

  it('R35 replays a 500 of an exception filter under refuse, and runs again under rerun', async () => {
    const broken = () => new Error('broken');
    expect(await failing(broken, {}, UseFilters(HouseStyle))).toMatchObject({
      runs: 1,
      bodies: ['{"house":"broken"}', '{"house":"broken"}'],
      marks: ['executed', 'replayed'],
    });
    expect(await failing(broken, {})).toMatchObject({ runs: 1, statuses: [500, 500] });
    expect(await failing(broken, { afterFailure: 'rerun' })).toMatchObject({ runs: 2, statuses: [500, 500] });
  });

  it('runs again after a NothingHappenedError', async () => {
    const found = await failing(() => new NothingHappenedError());
    expect(found).toMatchObject({ runs: 2, statuses: [503, 503] });
    expect(found.marks[0]).toContain('nothing-happened');
  });

  it('replays the error of a pipe, without running the handler', async () => {
    let runs = 0;
    const charge: ShopRoute = {
      on: [post, Idempotent()],
      parameters: [Body(rejects)],
      handle: () => {
        runs += 1;
      },
    };
    const { send } = await startShop(platform, { routes: { charge } });
    const [first, second] = [await send(), await send()];
    expect(first.json()).toMatchObject({ message: ['amount must be a number'] });
    expect([second.status, second.body.toString()]).toEqual([400, first.body.toString()]);
    expect([second.header('idempotent-replayed'), runs]).toEqual(['true', 0]);
  });

  it('passes an error of the principal to the exception filters, and runs nothing', async () => {
    const principal = () => {
      throw new Error('declined');
    };
    let runs = 0;
    const charge: ShopRoute = {
      on: [post, Idempotent(), UseFilters(HouseStyle)],
      handle: () => {
        runs += 1;
      },
    };
    const module = LatchkeyModule.forRoot({ store: memoryStore(), principal, log: false });
    const { send } = await startShop(platform, { routes: { charge }, module });
    expect(await send()).toMatchObject({ status: 402 });
    expect(runs).toBe(0);
  });

  it('sends the answer of finish, whatever the handler returns after it', async () => {
    const { store, dispose } = sqlite();
    onTestFinished(dispose ?? (() => {}));
    const charge: ShopRoute = {
      on: [post, Idempotent({ afterFailure: 'rerun' })],
      parameters: [Idempotency()],
      handle: async (context) => {
        await (context as HttpContext<SqliteTransactions<DatabaseSync>>).finish(() => ({
          status: 202,
          body: { id: 7 },
        }));
        return 'ignored';
      },
    };
    const module = LatchkeyModule.forRoot({ store, principal: () => 'tenant', log: false });
    const { send, logged } = await startShop(platform, { routes: { charge }, module });
    for (const mark of ['executed', 'replayed']) {
      const answer = await send();
      expect([answer.status, answer.json(), answer.header('idempotency-status')]).toEqual([202, { id: 7 }, mark]);
    }
    expect(logged.errors).toEqual([]);
  });
});
