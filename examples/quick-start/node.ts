import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { idempotency } from 'latchkey/node';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: (request) => accountOf(request.headers.authorization), // the id of an account or a tenant
});

const charge = guard.wrap(async (request, response) => {
  const { amount } = (await json(request)) as { amount: number };
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ amount, status: 'succeeded' }));
});

export const server = createServer(charge);
