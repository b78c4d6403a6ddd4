import { Hono } from 'hono';
import { idempotency } from 'latchkey/hono';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: (c) => accountOf(c.req.header('authorization')), // the id of an account or a tenant
});

export const app = new Hono();

app.post('/charges', guard, async (c) => {
  const { amount } = await c.req.json();
  return c.json({ amount, status: 'succeeded' });
});
