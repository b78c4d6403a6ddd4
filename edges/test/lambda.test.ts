import { createRequire } from 'node:module';
import express, { type Express, type Request, type Response } from 'express';
import fastify from 'fastify';
import { idempotency } from 'latchkey/express';
import { idempotency as fastifyGuard } from 'latchkey/fastify';
import { memoryStore } from 'latchkey/memory';
import { describe, expect, it } from 'vitest';
import { expressLambdas, fastifyLambda, type Lambda } from './kit/lambdas.ts';

const express4 = createRequire(import.meta.url)('express4') as typeof express;
const key = '8e03978e-40d5-43dd-bc93-6894a57f9324';

type Order = 'the guard before the parser' | 'the guard after the parser' | 'no parser';

/** Two adapters leave the body on the request, which parsers then ignore. */
function textOf({ body }: Request): string {
  return typeof body === 'string' || body instanceof Uint8Array ? body.toString() : JSON.stringify(body);
}

function orders(app: Express, order: Order) {
  const seen = { count: 0 };
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant' });
  if (order === 'the guard after the parser') app.use(express.json());
  app.use(guard);
  if (order === 'the guard before the parser') app.use(express.json());
  app.post('/orders', (request: Request, response: Response) => {
    seen.count += 1;
    const answer = (body: string) => response.status(201).send(`${seen.count} ${body}`);
    if (order !== 'no parser') return void answer(textOf(request));
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => answer(text));
  });
  return seen;
}

/** First, replay, mismatch. */
async function check(send: Lambda, seen: { count: number }): Promise<void> {
  const body = '{"amount":1}';
  const first = await send({ key, body });
  expect([first.statusCode, first.body]).toEqual([201, `1 ${body}`]);
  const again = await send({ key, body });
  expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([201, first.body, 'true']);
  const other = await send({ key, body: '{"amount":999}' });
  expect([other.statusCode, JSON.parse(other.body).code]).toEqual([422, 'key-reused']);
  expect(seen.count).toBe(1);
}

describe.each(Object.entries(expressLambdas))('Express through %s', (adapter, lambdaOf) => {
  describe.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('%s', (_version, create) => {
    it.each<Order>(['the guard before the parser', 'the guard after the parser', 'no parser'])(
      'R82 R83 counts the key and the body, with %s',
      async (order) => {
        const app = create();
        const seen = orders(app, order);
        await check(lambdaOf(app), seen);
      },
    );
  });

  // serverless-http 3 leaves bytes on the request, which parsers ignore, with or without the guard.
  const parsing = [
    ['Express 5', express],
    ['Express 4', express4],
  ] as const;
  it.each(adapter === 'serverless-http 3' ? [] : parsing)(
    'leaves the body to a parser after the guard, %s',
    async (_version, create) => {
      const app = create();
      app.use(idempotency({ store: memoryStore(), principal: () => 'tenant' }), express.json());
      app.post('/orders', ({ body }: Request, response: Response) => void response.send({ amount: body.amount }));
      expect((await lambdaOf(app)({ key, body: '{"amount":1}' })).body).toBe('{"amount":1}');
    },
  );

  it('R82 lets a request without a key pass, with or without a body', async () => {
    const app = express();
    const seen = orders(app, 'the guard before the parser');
    const send = lambdaOf(app);
    expect((await send({ body: '{}' })).statusCode).toBe(201);
    expect((await send({ body: '{}' })).statusCode).toBe(201);
    expect(seen.count).toBe(2);
  });

  it('R83 treats a request without a body as such', async () => {
    const app = express();
    const seen = orders(app, 'the guard before the parser');
    const send = lambdaOf(app);
    expect((await send({ key })).statusCode).toBe(201);
    expect((await send({ key })).headers['idempotent-replayed']).toBe('true');
    expect((await send({ key, body: '{"amount":1}' })).statusCode).toBe(422);
    expect(seen.count).toBe(1);
  });
});

describe('Fastify through @fastify/aws-lambda', () => {
  it.each(['parsed', 'passed on as a stream'])('R82 R83 reads the key and the body, %s', async (how) => {
    const app = fastify();
    const seen = { count: 0 };
    if (how !== 'parsed') {
      app.removeContentTypeParser('application/json');
      app.addContentTypeParser('application/json', (_request, payload, done) => done(null, payload));
    }
    await app.register(fastifyGuard({ store: memoryStore(), principal: () => 'tenant' }));
    app.post('/orders', async ({ body }, reply) => {
      seen.count += 1;
      let text = '';
      if (how === 'parsed') text = JSON.stringify(body);
      else for await (const chunk of body as AsyncIterable<Uint8Array>) text += chunk;
      return reply.code(201).send(`${seen.count} ${text}`);
    });
    await check(fastifyLambda(app), seen);
    await app.close();
  });
});
