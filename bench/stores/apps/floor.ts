import { createClient } from '@redis/client';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { type Charge, charge } from '../../server/handler.ts';
import { type App, json, path, retentionMs, served } from './app.ts';

/** The two bare commands of a client. */
interface Commands {
  /** SET NX GET. */
  take(key: string): Promise<string | null>;
  put(key: string, answer: string): Promise<unknown>;
}

/** The minimum of an idempotency layer: the two bare commands without any checks. */
function serve({ take, put }: Commands, close: () => Promise<unknown>) {
  const app = fastify();
  app.post(path, async (request, reply) => {
    const key = `floor:${request.headers['idempotency-key']}`;
    const found = await take(key);
    if (found !== null) return reply.type(json).send(found);
    const answer = charge(request.body as Charge);
    await put(key, answer);
    return reply.type(json).send(answer);
  });
  return served(app, close);
}

export const floor: App = ({ redisPort = 0 }) => {
  const redis = new Redis(redisPort, { enableAutoPipelining: true });
  const commands: Commands = {
    take: (key) => redis.set(key, 'running', 'PX', retentionMs, 'NX', 'GET'),
    put: (key, answer) => redis.set(key, answer, 'PX', retentionMs),
  };
  return serve(commands, () => redis.quit());
};

export const floorNodeRedis: App = async ({ redisPort }) => {
  const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
  await client.connect();
  const expiration = { type: 'PX', value: retentionMs } as const;
  const commands: Commands = {
    take: (key) => client.set(key, 'running', { expiration, condition: 'NX', GET: true }),
    put: (key, answer) => client.set(key, answer, { expiration }),
  };
  return serve(commands, () => client.close());
};
