import { Idempotency } from '@node-idempotency/core';
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis';
import fastify, { type FastifyRequest } from 'fastify';
import { type Charge, charge } from '../../server/handler.ts';
import { type App, json, path, retentionMs, served } from './app.ts';

function paramsOf({ method, headers, url, body }: FastifyRequest) {
  return { method, headers, path: url, body: body as Record<string, unknown> };
}

/** `@node-idempotency/core`, called as its own plugins call it. */
export const nodeIdempotency: App = async ({ redisPort }) => {
  const storage = new RedisStorageAdapter({ url: `redis://127.0.0.1:${redisPort}` });
  await storage.connect();
  const idempotency = new Idempotency(storage, { cacheTTLMS: retentionMs });
  const app = fastify();
  app.post(path, async (request, reply) => {
    const params = paramsOf(request);
    const found = await idempotency.onRequest<string, string>(params);
    if (found !== undefined) return reply.type(json).send(found.body);
    const answer = charge(request.body as Charge);
    await idempotency.onResponse(params, { body: answer, additional: { status: 200 } });
    return reply.type(json).send(answer);
  });
  return served(app, () => storage.disconnect());
};
