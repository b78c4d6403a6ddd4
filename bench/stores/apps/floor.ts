import fastify from 'fastify';
import { Redis } from 'ioredis';
import { type Charge, charge } from '../../server/handler.ts';
import { type App, json, path, retentionMs, served } from './app.ts';

/** The least that could be called an idempotency layer: the two bare commands, and nothing is checked. */
export const floor: App = ({ redisPort = 0 }) => {
  const redis = new Redis(redisPort, { enableAutoPipelining: true });
  const app = fastify();
  app.post(path, async (request, reply) => {
    const key = `floor:${request.headers['idempotency-key']}`;
    const found = await redis.set(key, 'running', 'PX', retentionMs, 'NX', 'GET');
    if (found !== null) return reply.type(json).send(found);
    const answer = charge(request.body as Charge);
    await redis.set(key, answer, 'PX', retentionMs);
    return reply.type(json).send(answer);
  });
  return served(app, () => redis.quit());
};
