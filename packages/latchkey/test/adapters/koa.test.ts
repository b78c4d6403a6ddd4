import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import Koa, { type Middleware } from 'koa';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/koa.ts';
import { open } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, gate, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

/** An application whose guard is followed by `handlers`, and the errors that Koa reports. */
async function application(handlers: readonly Middleware[], before: readonly Middleware[] = [], route = {}) {
  const { options, faults } = guardOptions();
  const app = new Koa();
  const errors: string[] = [];
  app.on('error', (error: Error) => errors.push(error.message));
  for (const middleware of [...before, idempotency({ ...options, ...route }), ...handlers]) app.use(middleware);
  return { origin: await serve(app.callback()), errors, faults, options };
}

const replayed = (answer: { header(name: string): string | undefined }) => answer.header('idempotent-replayed');

/** A handler that sets `ctx.body`. */
const body =
  (make: () => unknown): Middleware =>
  (ctx) => {
    ctx.body = make();
  };

const status =
  (code: number): Middleware =>
  (ctx) => {
    ctx.status = code;
  };

/** A handler that writes the raw response, at once or later. */
const raw =
  (write: (response: ServerResponse) => void): Middleware =>
  (ctx) => {
    ctx.respond = false;
    write(ctx.res);
  };

const binary = 'application/octet-stream';

type Way = readonly [answer: Middleware, status: number, type: string | undefined, body: string];

const ways: Readonly<Record<string, Way>> = {
  'an object': [body(() => ({ charge: 'ch_1' })), 200, 'application/json', '{"charge":"ch_1"}'],
  'a string': [body(() => 'charged'), 200, 'text/plain', 'charged'],
  'a Buffer': [body(() => Buffer.from('charged')), 200, binary, 'charged'],
  'a stream': [body(() => Readable.from(['char', 'ged'])), 200, binary, 'charged'],
  'a web stream': [body(() => new Blob(['charged']).stream()), 200, binary, 'charged'],
  'a status without a body': [status(204), 204, undefined, ''],
  'a status and its phrase': [status(202), 202, 'text/plain', 'Accepted'],
  'ctx.throw': [(ctx) => ctx.throw(402, 'no funds'), 402, 'text/plain', 'no funds'],
  'a failure': [(ctx) => ctx.throw(500), 500, 'text/plain', 'Internal Server Error'],
  'a raw response': [
    raw((response) => response.writeHead(201, { 'Content-Type': 'text/plain' }).end('charged')),
    201,
    'text/plain',
    'charged',
  ],
  'a raw response, later': [
    raw((response) => setTimeout(() => response.end('charged'), 10)),
    404,
    undefined,
    'charged',
  ],
};

describe('an answer in Koa', () => {
  let runs = 0;
  for (const [way, [answer, code, type, text]] of Object.entries(ways)) {
    it(`given as ${way} is replayed`, async () => {
      runs = 0;
      const { origin } = await application([
        (ctx, next) => {
          runs += 1;
          return answer(ctx, next);
        },
      ]);
      const answers = [await post(origin), await post(origin)];
      for (const received of answers) {
        expect([received.status, received.body.toString()]).toEqual([code, text]);
        expect(received.header('content-type')?.replace(/;.*/, '')).toBe(type);
      }
      expect([answers.map(replayed), runs]).toEqual([[undefined, 'true'], 1]);
    });
  }

  it('of error middleware before the guard is the one that is replayed', async () => {
    const envelope: Middleware = async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = 500;
        ctx.body = { error: (error as Error).message };
      }
    };
    const fail: Middleware = () => {
      runs += 1;
      throw new Error('the provider broke');
    };
    runs = 0;
    const { origin, errors } = await application([fail], [envelope]);
    for (const mark of [undefined, 'true']) {
      const received = await post(origin);
      expect([received.status, received.json(), replayed(received)]).toEqual([
        500,
        { error: 'the provider broke' },
        mark,
      ]);
    }
    expect([runs, errors]).toEqual([1, []]);
  });

  it('is stored as the middleware before the guard changes it, which changes a replay only by its own cookies', async () => {
    let visits = 0;
    const outer: Middleware = async (ctx, next) => {
      await next();
      visits += 1;
      ctx.set('X-Visit', String(visits));
      ctx.cookies.set('visit', String(visits));
      ctx.body = { data: String(ctx.body) };
    };
    const { origin, errors } = await application([body(() => 'charged')], [outer]);
    for (const cookie of ['visit=1; path=/; httponly', 'visit=2; path=/; httponly']) {
      const received = await post(origin);
      expect([received.json(), received.header('x-visit')]).toEqual([{ data: 'charged' }, '1']);
      expect(received.header('set-cookie')).toBe(cookie);
      expect(received.header('content-type')).toBe('application/json; charset=utf-8');
    }
    expect([visits, errors]).toEqual([2, []]);
  });

  it('has the reason phrase of its own status', async () => {
    const accept: Middleware = (ctx, next) => {
      ctx.status = 202;
      return next();
    };
    const phrases: (string | undefined)[] = [];
    const { origin } = await application([status(201)], [accept]);
    for (const sent of ['one', 'one', 'two']) {
      const request = open(origin, { key: firstKey, headers: [['Content-Length', '3']] });
      request.end(sent);
      await new Promise<void>((resolve) =>
        request.on('response', (response) => {
          phrases.push(response.statusMessage);
          response.resume().on('end', resolve);
        }),
      );
    }
    expect(phrases).toEqual(['Created', 'Created', 'Unprocessable Entity']);
  });

  it.each([
    ['while the handler runs', 'handler'],
    ['while middleware before the guard finishes', 'middleware'],
  ])('whose client leaves %s is stored', async (_when, place) => {
    const { passed, open: proceed } = gate();
    let waiting = '';
    const wait = async (here: string) => {
      if (here !== place) return;
      waiting = here;
      await passed;
    };
    const finish: Middleware = async (_ctx, next) => {
      await next();
      await wait('middleware');
    };
    const charge: Middleware = async (ctx) => {
      await wait('handler');
      ctx.status = 201;
      ctx.body = { charge: 'ch_1' };
    };
    const { origin, options } = await application([charge], [finish]);
    const payload = '{"amount":2000}';
    const request = open(origin, { key: firstKey, body: payload }).on('error', () => undefined);
    request.end(payload);
    await until(() => waiting === place);
    request.destroy();
    await pause(50);
    proceed();
    await until(async () => (await options.store.list({ state: 'completed', limit: 1 })).records.length === 1);
    const retry = await post(origin);
    expect([retry.status, retry.json(), replayed(retry)]).toEqual([201, { charge: 'ch_1' }, 'true']);
  });
});

describe('the context in Koa', () => {
  it('is ctx.state.idempotency, where the guard protects the request', async () => {
    const { origin } = await application([
      (ctx) => {
        ctx.body = String(ctx.state['idempotency']?.attempt ?? 'unprotected');
      },
    ]);
    expect((await post(origin)).body.toString()).toBe('1');
    expect((await post(origin, { key: undefined })).body.toString()).toBe('unprotected');
  });
});
