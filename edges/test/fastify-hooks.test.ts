import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import compress from '@fastify/compress';
import etag from '@fastify/etag';
import fastify, { type FastifyInstance } from 'fastify';
import { idempotency } from 'latchkey/fastify';
import { memoryStore } from 'latchkey/memory';
import { describe, expect, it, onTestFinished } from 'vitest';

const text = 'an order '.repeat(300);

const plugins: Record<string, (app: FastifyInstance) => PromiseLike<unknown>> = {
  '@fastify/compress': (app) => app.register(compress, { threshold: 0, encodings: ['gzip'] }),
  '@fastify/etag': (app) => app.register(etag),
};

/** An application with a guard and one plugin, and a function to send requests. */
async function start(name: string, side: 'before' | 'behind') {
  const app = fastify();
  onTestFinished(() => app.close());
  let runs = 0;
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant' });
  if (side === 'before') await plugins[name]?.(app);
  await app.register(guard);
  if (side === 'behind') await plugins[name]?.(app);
  app.post('/orders', async (_request, reply) => {
    runs += 1;
    return reply.code(201).type('text/plain').send(`${text}${runs}`);
  });
  const key = randomUUID();
  const post = (headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: '/orders', headers: { 'idempotency-key': key, ...headers }, payload: {} });
  return { post, runs: () => runs };
}

describe.each(['before', 'behind'] as const)('a plugin of Fastify %s the guard', (side) => {
  it('compresses the first answer and its replay if the client accepts it: @fastify/compress', async () => {
    const { post, runs } = await start('@fastify/compress', side);
    for (const mark of [undefined, 'true']) {
      const answer = await post({ 'accept-encoding': 'gzip' });
      expect([answer.statusCode, answer.headers['content-encoding']]).toEqual([201, 'gzip']);
      expect(gunzipSync(answer.rawPayload).toString()).toBe(`${text}1`);
      expect(answer.headers['idempotent-replayed']).toBe(mark);
    }
    const plain = await post();
    expect([plain.headers['content-encoding'], plain.body, runs()]).toEqual([undefined, `${text}1`, 1]);
  });

  it('gives the first answer and its replay the same tag: @fastify/etag', async () => {
    const { post, runs } = await start('@fastify/etag', side);
    const [first, again] = [await post(), await post()];
    expect(first.headers.etag).toMatch(/^".+"$/);
    expect([again.headers.etag, again.body, again.headers['idempotent-replayed']]).toEqual([
      first.headers.etag,
      first.body,
      'true',
    ]);
    expect(runs()).toBe(1);
  });
});
