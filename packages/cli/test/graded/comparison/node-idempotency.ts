import { Readable } from 'node:stream';
import { Idempotency, IdempotencyError, IdempotencyErrorCodes } from '@node-idempotency/core';
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Start } from './express-apps.ts';
import { executions, operation } from './handler.ts';

const day = 86_400_000;

const statuses: Readonly<Record<string, number>> = {
  [IdempotencyErrorCodes.IDEMPOTENCY_FINGERPRINT_MISSMATCH]: 422,
  [IdempotencyErrorCodes.REQUEST_IN_PROGRESS]: 409,
};

function paramsOf({ method, headers, url, body }: FastifyRequest) {
  return { method, headers, path: url, body: body as Record<string, unknown> };
}

interface Stored {
  readonly status?: number;
  readonly type?: string;
}

/** Answers a replay or a refusal, as the library's plugins do, and returns whether it has. */
async function answers(idempotency: Idempotency, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  try {
    const found = await idempotency.onRequest<unknown, unknown>(paramsOf(request));
    if (found === undefined) return false;
    const { status = 200, type = 'application/json' } = (found.additional ?? {}) as Stored;
    reply.code(status).header('Content-Type', type).header('Idempotent-Replayed', 'true');
    reply.send(found.body ?? found.error ?? '');
  } catch (error) {
    if (!(error instanceof IdempotencyError)) throw error;
    if (error.code === IdempotencyErrorCodes.REQUEST_IN_PROGRESS) reply.header('Retry-After', '1');
    reply.code(statuses[error.code] ?? 400).send({ message: error.message });
  }
  return true;
}

/** `@node-idempotency/core` on Fastify, called as its own plugins call it. */
export const nodeIdempotency: Start = async (redis, port) => {
  const storage = new RedisStorageAdapter({ url: `redis://127.0.0.1:${redis.options.port}` });
  await storage.connect();
  const idempotency = new Idempotency(storage, { cacheTTLMS: day });
  const app = fastify();
  app.get('/count', () => executions(redis).then(String));
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.authorization === undefined && request.url !== '/count') await reply.code(401).send();
  });
  app.all('*', async (request, reply) => {
    if (await answers(idempotency, request, reply)) return reply;
    const headerOf = (name: string) => request.headers[name]?.toString();
    const { status, type, headers = {}, body } = await operation(redis, request.method, headerOf);
    const additional = { status, type };
    await idempotency.onResponse(paramsOf(request), { additional, ...(status < 400 ? { body } : { error: body }) });
    reply.code(status).headers(headers).header('Content-Type', type);
    return reply.send(typeof body === 'string' || Buffer.isBuffer(body) ? body : Readable.from(body));
  });
  await app.listen({ host: '127.0.0.1', port });
};
