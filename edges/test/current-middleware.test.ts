import { randomUUID } from 'node:crypto';
import compression from 'compression';
import express from 'express';
import helmet from 'helmet';
import { idempotency } from 'latchkey/express';
import { memoryStore } from 'latchkey/memory';
import responseTime from 'response-time';
import { expect, it } from 'vitest';
import { serve } from './kit/serve.ts';

it('replays the first answer after helmet, response-time and compression', async () => {
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant' });
  const app = express();
  app.use(responseTime(), helmet(), compression({ threshold: 0 }));
  let count = 0;
  app.post('/orders', guard, express.json(), (request, response) => {
    count += 1;
    response.status(201).location('/orders/1').json({ item: request.body.item, count });
  });

  await using server = await serve(app);
  const key = randomUUID();
  const first = await server.post('/orders', key, '{"item":"cup"}');
  const second = await server.post('/orders', key, '{"item":"cup"}');

  expect([first.status, first.text]).toEqual([201, '{"item":"cup","count":1}']);
  expect([second.status, second.text, second.headers.get('location')]).toEqual([201, first.text, '/orders/1']);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
});
