import express from 'express';
import { idempotency } from 'latchkey/express';
import { sqliteStore } from 'latchkey/sqlite';

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: 'authorization', // or a function: (request) => the account that it acts for
});

export const app = express();

app.post('/charges', guard, express.json(), (request, response) => {
  response.json({ amount: request.body.amount, status: 'succeeded' });
});
