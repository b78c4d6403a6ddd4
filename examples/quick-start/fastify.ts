import Fastify from 'fastify';
import { idempotency } from 'latchkey/fastify';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: (request) => accountOf(request.headers.authorization), // the id of an account or a tenant
});

export const app = Fastify();
await app.register(guard); // guards the routes that are declared after it

app.post<{ Body: { amount: number } }>('/charges', async (request) => ({
  amount: request.body.amount,
  status: 'succeeded',
}));
