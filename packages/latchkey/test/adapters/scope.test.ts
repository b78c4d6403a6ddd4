import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

/** Two routers with a route of the same name. */
const apps: Record<string, () => Promise<string>> = {
  express: () => {
    const guard = expressGuard(guardOptions().options);
    const app = express();
    for (const name of ['payments', 'refunds']) {
      const router = express.Router();
      router.use(guard).post('/create', (_request, response) => void response.send(name));
      app.use(`/${name}`, router);
    }
    return serve(app);
  },
  hono: () => {
    const guard = honoGuard(guardOptions().options);
    const app = new Hono();
    for (const name of ['payments', 'refunds']) {
      app.route(
        `/${name}`,
        new Hono().post('/create', guard, (c) => c.text(name)),
      );
    }
    return serve(getRequestListener(app.fetch));
  },
  fastify: async () => {
    const app = fastify();
    await app.register(fastifyGuard(guardOptions().options));
    for (const name of ['payments', 'refunds']) {
      app.register(
        (child, _options, done) => {
          child.post('/create', async () => name);
          done();
        },
        { prefix: `/${name}` },
      );
    }
    onTestFinished(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
};

describe("a router's relative path", () => {
  for (const [name, start] of Object.entries(apps)) {
    it(`is not the scope, in ${name}`, async () => {
      const origin = await start();
      for (const path of ['/payments/create', '/refunds/create']) {
        const answer = await post(origin, { path });
        expect([answer.body.toString(), answer.header('idempotent-replayed')]).toEqual([path.split('/')[1], undefined]);
      }
    });
  }
});
