import { json } from 'node:stream/consumers';
import Router from '@koa/router';
import Koa from 'koa';
import { idempotency } from 'latchkey/koa';
import { listening, options, placeOrder } from './shop.mjs';

const guard = idempotency(await options((ctx) => ctx.get('x-account')));
const router = new Router();

router.post('/orders', guard, async (ctx) => {
  ctx.body = await placeOrder(guard.context(ctx), await json(ctx.req));
  ctx.status = 201;
});

const server = new Koa().use(router.routes()).listen(0, '127.0.0.1', () => listening(server.address().port));
