import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { firstKey, until } from '../../src/testing/adapter-suite/world.ts';
import { post, serve } from './apps/harness.ts';
import { body, type SlowClaim, slowClaim } from './apps/slow-claim.ts';

describe('an answer that other code gave while the guard waited', () => {
  /** A timeout before the guard. */
  function timedOut(response: ServerResponse, how: 'ends' | 'begins'): void {
    response.writeHead(503, { 'content-type': 'text/plain' });
    if (how === 'ends') response.end('too late');
    else response.write('too ');
  }

  it.each(['ends', 'begins'] as const)(
    'R90 %s, is unchanged, and the handler does not run: node and Express',
    async (how) => {
      for (const start of [timedNode, timedExpress]) {
        const made = slowClaim();
        const responses: ServerResponse[] = [];
        const origin = await start(made, responses);
        const answer = post(origin, { body });
        await until(() => made.seen.claims === 1);
        const [response] = responses as [ServerResponse];
        timedOut(response, how);
        made.openClaim();
        await until(made.isIdle);
        if (how === 'begins') response.end('late');
        const { status, body: received, complete } = await answer;
        expect([status, received.toString(), complete]).toEqual([503, 'too late', true]);
        expect([made.seen.bodies, await made.states()]).toEqual([[], ['open']]);
        expect((await post(origin, { body })).body.toString()).toBe('done');
        expect(made.seen.bodies).toEqual([body]);
      }
    },
  );

  it('R90 is unchanged, and the handler does not run: Fastify', async () => {
    const made = slowClaim();
    const app = fastify();
    const replies: { code(status: number): { send(text: string): void } }[] = [];
    app.addHook('onRequest', async (_request, reply) => void replies.push(reply));
    app.register(fastifyGuard(made.options));
    app.after(() =>
      app.post('/charges', async (request) => {
        made.seen.bodies.push(JSON.stringify(request.body));
        return 'done';
      }),
    );
    onTestFinished(() => app.close());
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = post(origin, { body });
    await until(() => made.seen.claims === 1);
    replies[0]?.code(503).send('too late');
    expect((await answer).body.toString()).toBe('too late');
    made.openClaim();
    await until(made.isIdle);
    expect([made.seen.bodies, await made.states()]).toEqual([[], ['open']]);
    expect((await post(origin, { body })).status).toBe(200);
    expect(made.seen.bodies).toEqual([body]);
  });

  const timedNode = ({ options, seen }: SlowClaim, responses: ServerResponse[]) => {
    const guarded = idempotency(options).wrap(async (request, response) => {
      seen.bodies.push(await text(request));
      response.end('done');
    });
    return serve((request, response) => {
      responses.push(response);
      void guarded(request, response);
    });
  };

  const timedExpress = ({ options, seen }: SlowClaim, responses: ServerResponse[]) => {
    const app = express();
    app.use((_request, response, next) => {
      responses.push(response);
      next();
    });
    app.post('/charges', expressGuard(options), express.json(), (request, response) => {
      seen.bodies.push(JSON.stringify(request.body));
      response.end('done');
    });
    return serve(app);
  };
});

type Listen = (world: SlowClaim) => RequestListener | Promise<RequestListener>;

const halfOpen: Record<string, Listen> = {
  node: ({ options, seen }) =>
    idempotency(options).wrap(async (request, response) => {
      seen.bodies.push(await text(request));
      response.end('done');
    }),
  'Express 5': (made) => parsing(express, made),
  'Express 4': (made) => parsing(express4 as typeof express, made),
  'Fastify, whose parser passes the stream on': async ({ options, seen }) => {
    const app = fastify();
    onTestFinished(() => app.close());
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', (_request, payload, done) => done(null, payload));
    await app.register(fastifyGuard(options));
    app.post('/charges', async (request) => {
      seen.bodies.push(await text(request.body as NodeJS.ReadableStream));
      return 'done';
    });
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
};

function parsing(create: typeof express, { options, seen }: SlowClaim): RequestListener {
  const app = create();
  app.post('/charges', expressGuard(options), express.json(), (request, response) => {
    seen.bodies.push(JSON.stringify(request.body));
    response.end('done');
  });
  return app as RequestListener;
}

it.each(Object.entries(halfOpen))(
  'R90 a client that only ends its half of the connection gets its answer: %s',
  async (_name, listen) => {
    const made = slowClaim();
    const sockets: Socket[] = [];
    const server = Object.assign(createServer(await listen(made)), { httpAllowHalfOpen: true });
    server.on('connection', (socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const head = `POST /charges HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${firstKey}\r\nContent-Type: application/json\r\n`;
    socket.end(`${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await until(() => made.seen.claims === 1 && sockets[0]?.readable === false);
    made.openClaim();
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200.*done/s);
    expect([made.seen.bodies, await made.states()]).toEqual([[body], ['completed']]);
    expect(Object.hasOwn(sockets[0] as Socket, 'readable')).toBe(false);
  },
);
