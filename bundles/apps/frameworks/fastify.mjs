import { fastify } from 'fastify';
import { idempotency } from 'latchkey/fastify';
import { listening, options, placeOrder } from './shop.mjs';

/** The application for a server and for Lambda's adapter. */
export const app = fastify();

await app.register(idempotency(await options((request) => request.headers['x-account'])));

app.post('/orders', async (request, reply) =>
  reply.code(201).send(await placeOrder(request.idempotency, request.body)),
);

if (process.argv[1]?.endsWith('fastify.mjs')) {
  await app.listen({ port: 0, host: '127.0.0.1' });
  listening(app.server.address().port);
}
