import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import compression from 'compression';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { open } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, gate, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const leaseMs = 400;
let directory = '';
let file = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'latchkey-'));
  file = join(directory, 'invoice.txt');
  await writeFile(file, 'an invoice');
});
afterAll(() => rm(directory, { recursive: true }));

/** A client that disconnects while the handler runs, and a handler that continues when the server has noticed. */
function hangUp() {
  const began = gate();
  const noticed = gate();
  return {
    /** For the handler: waits until the client has disconnected. */
    async untilGone(response: ServerResponse): Promise<void> {
      began.open();
      await noticed.passed;
      await until(() => response.destroyed);
    },
    async send(origin: string): Promise<void> {
      const request = open(origin, { key: firstKey, body: '{"amount":2000}' }).on('error', () => undefined);
      request.end('{"amount":2000}');
      await began.passed;
      request.destroy();
      noticed.open();
    },
  };
}

/** The answer that retries get once the first request is no longer in progress. */
async function settled(origin: string) {
  await until(async () => (await post(origin)).header('idempotency-status')?.startsWith('in-progress') !== true);
  return post(origin);
}

const onError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) next(error);
  else response.status(500).json({ error: String(error.message) });
};

async function* pieces() {
  yield 'one';
  await pause(20);
  yield 'two';
}

/** Ways to answer that check the connection, and fail when it is closed. */
const ways: Record<string, RequestHandler> = {
  'res.sendFile': (_request, response) => response.sendFile(file),
  'res.sendFile with a callback': (_request, response, next) =>
    response.sendFile(file, (error) => error && next(error)),
  'res.download': (_request, response) => response.download(file),
  'res.download with a callback': (_request, response, next) =>
    response.download(file, (error) => error && next(error)),
  'a pipeline': (_request, response, next) => {
    pipeline(Readable.from(pieces()), response).catch(next);
  },
  'destroying the response': (_request, response) => void response.destroy(),
};

describe('a client that disconnects before the answer', () => {
  for (const [version, framework] of Object.entries({ 'Express 5': express, 'Express 4': express4 })) {
    for (const [name, answer] of Object.entries(ways)) {
      it(`R86 ${version}: gets response-not-kept from its retry after an answer by ${name}`, async () => {
        const { untilGone, send } = hangUp();
        let runs = 0;
        const app = framework();
        const guard = expressGuard({ ...guardOptions().options, timing: { leaseMs } });
        app.post('/charges', guard, (request, response, next) => {
          runs += 1;
          untilGone(response).then(() => answer(request, response, next), next);
        });
        app.use(onError);
        const origin = await serve(app as RequestListener);
        await send(origin);
        const retry = await settled(origin);
        expect([retry.status, retry.json()]).toEqual([410, expect.objectContaining({ code: 'response-not-kept' })]);
        expect(runs).toBe(1);
      });
    }

    it(`R45 ${version}: gets from its retry an error that is the handler's own`, async () => {
      const { untilGone, send } = hangUp();
      const app = framework();
      app.post(
        '/charges',
        expressGuard({ ...guardOptions().options, timing: { leaseMs } }),
        (_request, response, next) => {
          untilGone(response).then(() => next(new Error('no stock')), next);
        },
      );
      app.use(onError);
      const origin = await serve(app as RequestListener);
      await send(origin);
      const retry = await settled(origin);
      expect([retry.status, retry.json()]).toEqual([500, { error: 'no stock' }]);
    });

    it(`R45 ${version}: gets from its retry the output of a generator, which ignores the connection`, async () => {
      const { untilGone, send } = hangUp();
      const app = framework();
      const guard = expressGuard({ ...guardOptions().options, timing: { leaseMs } });
      app.post('/charges', guard, (_request, response, next) => {
        untilGone(response)
          .then(() => pipeline(pieces, response))
          .catch(next);
      });
      const origin = await serve(app as RequestListener);
      await send(origin);
      expect((await settled(origin)).body.toString()).toBe('onetwo');
    });

    it(`R45 ${version}: gets from its retry an answer given after compression`, async () => {
      const { untilGone, send } = hangUp();
      const app = framework();
      const guard = expressGuard({ ...guardOptions().options, timing: { leaseMs } });
      app.post('/charges', guard, compression({ threshold: 0 }), (_request, response, next) => {
        untilGone(response).then(() => response.status(201).json({ charged: true }), next);
      });
      const origin = await serve(app as RequestListener);
      await send(origin);
      const retry = await settled(origin);
      expect([retry.status, retry.json()]).toEqual([201, { charged: true }]);
    });
  }

  it('R86 Express: runs again under rerun, once the answer was given up', async () => {
    const { untilGone, send } = hangUp();
    let runs = 0;
    const app = express();
    const guard = expressGuard({ ...guardOptions().options, timing: { leaseMs }, afterFailure: 'rerun' });
    app.post('/charges', guard, async (_request, response) => {
      runs += 1;
      if (runs === 1) await untilGone(response);
      response.sendFile(file);
    });
    const origin = await serve(app);
    await send(origin);
    const retry = await settled(origin);
    expect([retry.status, retry.body.toString(), runs]).toEqual([200, 'an invoice', 2]);
  });

  it('R86 Express: gets the answer of a handler that needs longer than the lease', async () => {
    const { untilGone, send } = hangUp();
    const app = express();
    app.post(
      '/charges',
      expressGuard({ ...guardOptions().options, timing: { leaseMs: 500 } }),
      async (_request, response) => {
        await untilGone(response);
        await pause(700);
        response.status(201).json({ charged: true });
      },
    );
    const origin = await serve(app);
    await send(origin);
    expect((await settled(origin)).json()).toEqual({ charged: true });
  });

  it('R86 node: gets response-not-kept after a handler threw because of it', async () => {
    const { untilGone, send } = hangUp();
    const guard = idempotency({ ...guardOptions().options, timing: { leaseMs } });
    const origin = await serve(
      guard.wrap(async (_request, response) => {
        await untilGone(response);
        await pipeline(Readable.from(pieces()), response);
      }),
    );
    await send(origin);
    expect((await settled(origin)).json()).toMatchObject({ code: 'response-not-kept' });
  });

  it('R86 node: waits one lease for work that a handler left running', async () => {
    const { untilGone, send } = hangUp();
    const guard = idempotency({ ...guardOptions().options, timing: { leaseMs } });
    const origin = await serve(
      guard.wrap(async (_request, response) => {
        await untilGone(response);
        setTimeout(() => response.end('later'), 50);
      }),
    );
    await send(origin);
    expect((await settled(origin)).body.toString()).toBe('later');
  });

  it('R86 node: waits at most one lease for a handler that has returned', async () => {
    const { untilGone, send } = hangUp();
    const guard = idempotency({ ...guardOptions().options, timing: { leaseMs } });
    const origin = await serve(guard.wrap((_request, response) => untilGone(response)));
    await send(origin);
    expect((await settled(origin)).json()).toMatchObject({ code: 'response-not-kept' });
  });

  it('R86 Fastify: gets response-not-kept for a stream, and the stored answer otherwise', async () => {
    for (const [answer, expected] of [
      [() => Readable.from(pieces()), { code: 'response-not-kept' }],
      [() => ({ charged: true }), { charged: true }],
    ] as const) {
      const { untilGone, send } = hangUp();
      const app = fastify();
      onTestFinished(() => app.close());
      await app.register(fastifyGuard({ ...guardOptions().options, timing: { leaseMs } }));
      app.post('/charges', async (_request, reply) => {
        await untilGone(reply.raw);
        return reply.send(answer());
      });
      await app.ready();
      const origin = await serve((request, response) => app.routing(request, response));
      await send(origin);
      expect((await settled(origin)).json()).toMatchObject(expected);
    }
  });

  it("R45 Fastify: gets from its retry an error that is the handler's own", async () => {
    for (const how of ['thrown', 'sent']) {
      const { untilGone, send } = hangUp();
      const app = fastify();
      onTestFinished(() => app.close());
      await app.register(fastifyGuard({ ...guardOptions().options, timing: { leaseMs } }));
      app.post('/charges', async (_request, reply) => {
        await untilGone(reply.raw);
        if (how === 'thrown') throw new Error('no stock');
        return reply.code(500).send(new Error('no stock'));
      });
      await app.ready();
      const origin = await serve((request, response) => app.routing(request, response));
      await send(origin);
      const retry = await settled(origin);
      expect([retry.status, retry.json()]).toMatchObject([500, { message: 'no stock' }]);
    }
  });
});
