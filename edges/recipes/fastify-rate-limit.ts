import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { idempotency } from 'latchkey/fastify';
import { memoryStore } from 'latchkey/memory';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: memoryStore(),
  principal: (request) => accountOf(request.headers.authorization),
});

export const app = Fastify();

// Registered before the guard, so that its hook runs first. The guard needs the parsed body: not in onRequest.
await app.register(rateLimit, {
  hook: 'preHandler',
  timeWindow: 60_000,
  max: 2,
  keyGenerator: (request) => accountOf(request.headers.authorization) ?? 'unknown',
  allowList: async (request) => ['replay', 'running'].includes(await guard.peek(request)),
});
await app.register(guard);

app.post<{ Body: { item: string } }>('/orders', async (request, reply) => reply.code(201).send(request.body));
