import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { firstKey, until } from '../../src/testing/adapter-suite/world.ts';
import { post, serve } from './apps/harness.ts';
import { body, type SlowClaim, slowClaim } from './apps/slow-claim.ts';

describe('an answer that somebody else gave while the guard waited', () => {
  /** A time-out in front of the guard. */
  function timedOut(response: ServerResponse, how: 'ends' | 'begins'): void {
    response.writeHead(503, { 'content-type': 'text/plain' });
    if (how === 'ends') response.end('too late');
    else response.write('too ');
  }

  it.each(['ends', 'begins'] as const)(
    'R90 %s, stays as it is, and the handler does not run: node and Express',
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

  it('R90 stays as it is, and the handler does not run: Fastify', async () => {
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

it('R90 a client that only ends its half of the connection is told to send the request again', async () => {
  const made = slowClaim();
  const app = express();
  app.post('/charges', expressGuard(made.options), express.json(), (request, response) => {
    made.seen.bodies.push(JSON.stringify(request.body));
    response.end('done');
  });
  const server: Server = Object.assign(createServer(app), { httpAllowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const head = `POST /charges HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${firstKey}\r\nContent-Type: application/json\r\n`;
  socket.end(`${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await until(() => made.seen.claims === 1);
  made.openClaim();
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 (?:400.*request-incomplete|200)/s);
  expect(made.seen.bodies.every((seen) => seen === body)).toBe(true);
});
