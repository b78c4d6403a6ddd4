import express from 'express';
import { idempotency } from 'latchkey/express';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: (request) => accountOf(request.headers.authorization), // the id of an account or a tenant
});

export const app = express();

app.post('/charges', guard, express.json(), (request, response) => {
  response.json({ amount: request.body.amount, status: 'succeeded' });
});
