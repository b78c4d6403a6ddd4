/** The recipes of docs/limiters.md: a retry after a lost answer is not refused by the limiter. */

import { readFile } from 'node:fs/promises';
import { request as httpRequest, type RequestListener } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { serve } from './kit/serve.ts';

const recipes: Readonly<Record<string, () => Promise<RequestListener>>> = {
  'express-rate-limit.ts': async () => (await import('../recipes/express-rate-limit.ts')).app,
  'fastify-rate-limit.ts': async () => {
    const { app } = await import('../recipes/fastify-rate-limit.ts');
    onTestFinished(() => app.close());
    await app.ready();
    return app.routing;
  },
};

/** Sends a request and closes the connection instead of reading the answer. */
function loseAnswer(port: number, headers: Record<string, string>, body: string): Promise<void> {
  return new Promise((resolve) => {
    const sent = httpRequest({ port, host: '127.0.0.1', path: '/orders', method: 'POST', headers });
    sent.on('error', () => resolve());
    sent.on('response', (response) => {
      response.destroy();
      resolve();
    });
    sent.end(body);
  });
}

it.each(Object.entries(recipes))(
  '%s counts requests that run, and lets the retry of a lost answer pass',
  async (_name, start) => {
    await using server = await serve(await start());
    const authorization = 'Bearer acct_1';
    const order = (key: string, item: string, headers: Record<string, string> = { authorization }) =>
      server.post('/orders', key, JSON.stringify({ item }), headers);
    const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': 'order-1' };

    await loseAnswer(server.port, headers, '{"item":"tea"}');
    expect((await order('order-2', 'pot')).status).toBe(201);

    const refused = await order('order-3', 'cup');
    expect([refused.status, refused.headers.get('idempotency-status')]).toEqual([429, null]);
    for (const _again of [1, 2, 3]) {
      const retry = await order('order-1', 'tea');
      expect([retry.status, retry.text, retry.headers.get('idempotent-replayed')]).toEqual([
        201,
        '{"item":"tea"}',
        'true',
      ]);
    }

    // Another payload under the key is no retry, another account has its own count, and its first request runs.
    expect((await order('order-1', 'a pot of tea')).status).toBe(429);
    expect((await order('order-1', 'tea', { authorization: 'Bearer acct_2' })).headers.get('idempotency-status')).toBe(
      'executed',
    );
  },
);

it.each(Object.keys(recipes))('docs/limiters.md shows %s unchanged', async (name) => {
  const [page, recipe] = await Promise.all([
    readFile(new URL('../../docs/limiters.md', import.meta.url), 'utf8'),
    readFile(new URL(`../recipes/${name}`, import.meta.url), 'utf8'),
  ]);
  expect(page).toContain(`\`\`\`ts\n${recipe}\`\`\``);
});
