import type { RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import Koa from 'koa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as koaGuard } from '../../src/adapters/koa.ts';
import { idempotency } from '../../src/adapters/node.ts';
import type { RouteOptions } from '../../src/http/options.ts';
import { gate, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

/** An application with a timeout before its guard; the handler continues when the timeout has answered. */
interface TimedOut {
  readonly origin: string;
  /** Number of completed runs of the handler. */
  runs(): number;
}

type Start = (options: Pick<RouteOptions<never>, 'afterFailure'>) => Promise<TimedOut>;

const leaseMs = 400;
const optionsFor = (options: object) => ({ ...guardOptions().options, timing: { leaseMs }, ...options });

/** The wait of the first request's handler, and the counter of runs. */
function slowOnce() {
  const timedOut = gate();
  let runs = 0;
  return {
    timedOut,
    runs: () => runs,
    async work(): Promise<void> {
      await timedOut.passed;
      runs += 1;
    },
  };
}

/** Answers 503 instead of an unfinished handler, and then lets it continue. */
function answerInItsPlace(response: ServerResponse, open: () => void): void {
  setTimeout(() => {
    if (!response.headersSent) {
      response.statusCode = 503;
      response.setHeader('X-Outer', 'yes');
      response.end('timed out');
    }
    setTimeout(open, 20);
  }, 30);
}

const starts: Record<string, Start> = {
  'Express 5': (options) => startExpress(express, options),
  'Express 4': (options) => startExpress(express4, options),
  node: async (options) => {
    const { work, runs, timedOut } = slowOnce();
    const guarded = idempotency(optionsFor(options)).wrap(async (_request, response) => {
      await work();
      response.writeHead(201, { 'X-Charge': 'ch_1' }).end('charged');
    });
    const origin = await serve((request, response) => {
      answerInItsPlace(response, timedOut.open);
      void guarded(request, response);
    });
    return { origin, runs };
  },
  Koa: async (options) => {
    const { work, runs, timedOut } = slowOnce();
    const app = new Koa();
    app.use(async (ctx, next) => {
      const late = pause(30).then(() => 'late');
      if ((await Promise.race([next(), late])) !== 'late') return;
      ctx.status = 503;
      ctx.set('X-Outer', 'yes');
      ctx.body = 'timed out';
      setTimeout(timedOut.open, 20);
    });
    app.use(koaGuard(optionsFor(options))).use(async (ctx) => {
      await work();
      ctx.status = 201;
      ctx.set('X-Charge', 'ch_1');
      ctx.body = 'charged';
    });
    return { origin: await serve(app.callback()), runs };
  },
  Fastify: async (options) => {
    const { work, runs, timedOut } = slowOnce();
    const app = fastify();
    onTestFinished(() => app.close());
    app.addHook('onRequest', async (_request, reply) => answerInItsPlace(reply.raw, timedOut.open));
    await app.register(fastifyGuard(optionsFor(options)));
    app.post('/charges', async (_request, reply) => {
      await work();
      return reply.code(201).header('x-charge', 'ch_1').send('charged');
    });
    return { origin: await app.listen({ host: '127.0.0.1', port: 0 }), runs };
  },
};

async function startExpress(framework: () => express.Express, options: object): Promise<TimedOut> {
  const { work, runs, timedOut } = slowOnce();
  const app = framework();
  app.set('env', 'test');
  app.use((_request, response, next) => {
    answerInItsPlace(response, timedOut.open);
    next();
  });
  app.post('/charges', expressGuard(optionsFor(options)), (_request, response, next) => {
    work()
      .then(() => response.status(201).set('X-Charge', 'ch_1').send('charged'))
      .catch(next);
  });
  return { origin: await serve(app as RequestListener), runs };
}

describe('R85 an answer given before the guard while the handler runs', () => {
  for (const [name, start] of Object.entries(starts)) {
    it(`${name}: reaches the client, is not stored, and the retry gets response-not-kept`, async () => {
      const { origin, runs } = await start({ afterFailure: 'refuse' });
      const first = await post(origin);
      expect([first.status, first.body.toString(), first.header('x-outer')]).toEqual([503, 'timed out', 'yes']);
      await until(async () => (await post(origin)).status !== 409);
      const retry = await post(origin);
      expect([retry.status, retry.header('x-outer'), runs()]).toEqual([410, undefined, 1]);
      expect(retry.json()).toMatchObject({ code: 'response-not-kept' });
      expect(retry.body.toString()).not.toContain('503');
    });

    it(`${name}: does not run a retry at the same time under rerun`, async () => {
      const { origin, runs } = await start({ afterFailure: 'rerun' });
      await post(origin);
      const meanwhile = await post(origin);
      await until(() => runs() === 1);
      expect(meanwhile.status).not.toBe(201);
    });
  }
});
