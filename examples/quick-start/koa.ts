import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import Koa from 'koa';
import { idempotency } from 'latchkey/koa';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: (ctx) => accountOf(ctx.get('authorization')), // the id of an account or a tenant
});

export const app = new Koa();
const router = new Router();

app.use((ctx, next) => (accountOf(ctx.get('authorization')) ? next() : ctx.throw(401)));
app.use(guard); // guards every route that has no guard of its own

router.post('/charges', guard.with({ key: { required: true } }), async (ctx) => {
  const { amount } = (await json(ctx.req)) as { amount: number };
  ctx.body = { amount, status: 'succeeded' };
});

app.use(router.routes());
