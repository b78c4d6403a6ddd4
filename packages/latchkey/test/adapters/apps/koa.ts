import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { bodyParser } from '@koa/bodyparser';
import Koa, { type Context, type Next } from 'koa';
import { idempotency } from '../../../src/adapters/koa.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { headerOf } from './node.ts';
import { grouped, isStream, listen, tenantOf } from './server.ts';

function setReply(ctx: Context, reply: SuiteReply): void {
  if ('finished' in reply) return;
  const { status = 200, headers, body } = reply;
  for (const [name, value] of grouped(headers)) ctx.set(name, value);
  if (isStream(body)) ctx.body = Readable.from(body);
  else if (body === undefined) ctx.body = null;
  else ctx.body = typeof body === 'string' ? body : Buffer.from(body);
  ctx.status = status;
}

/** Error middleware before the guard. */
async function answerErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const { status = 500, headers = {} } = error as { status?: number; headers?: Record<string, string> };
    ctx.status = status;
    ctx.set(headers);
    ctx.body = 'broken';
  }
}

export function startKoa(parser: 'before' | 'after' | 'absent') {
  return <Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> => {
    const app = new Koa();
    app.silent = true;
    const guard = idempotency({ ...setup.options, principal: (ctx) => tenantOf(ctx.get('x-tenant') || undefined) });
    app.use(async (ctx, next) => {
      const { refuse, late, headers } = setup.outer(headerOf(ctx.req));
      for (const [name, value] of grouped(headers)) ctx.set(name, value);
      const status = refuse ?? (await Promise.race([next(), late ?? new Promise<never>(() => {})]));
      if (typeof status === 'number') ctx.status = status;
    });
    app.use(answerErrors);
    if (parser === 'before') app.use(bodyParser());
    app.use(guard);
    if (parser === 'after') app.use(bodyParser());
    app.use(async (ctx) => {
      const body = ctx.request.rawBody ?? (await text(ctx.req));
      const context = guard.tryContext(ctx);
      setReply(ctx, await setup.handler({ method: ctx.method, body, context, header: headerOf(ctx.req) }));
    });
    return listen(createServer(app.callback()));
  };
}
