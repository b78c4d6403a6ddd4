/** One worker of a shop: `order-server.ts STORE PLACE PORT PROVIDER`. Prints a line once it listens. */

import { createServer, type ServerResponse } from 'node:http';
import { idempotency } from '../../../src/adapters/node.ts';
import { completer, httpOperations } from '../../../src/completer/index.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { HttpContext } from '../../../src/http/layer.ts';
import type { Answer } from '../../../src/http/options.ts';
import { postgresShop } from '../books/postgres.ts';
import { redisShop } from '../books/redis.ts';
import type { Order, Shop } from '../books/shop.ts';
import { sqliteShop } from '../books/sqlite.ts';

const [store = '', place = '', port = '', provider = ''] = process.argv.slice(2);

const settings = { timing: { leaseMs: 2_000, maxAttempts: 10_000, claimTimeoutMs: 1_500 } } as const;
const maxBodyBytes = 10_000;

function send(response: ServerResponse, { status = 200, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function serve<Kind extends TransactionKind>(shop: Shop<Kind>): Promise<void> {
  const guard = idempotency<Kind>({
    ...settings,
    store: shop.store,
    principal: () => 'shop',
    key: { required: true },
    afterFailure: 'rerun',
    request: { save: true },
  });
  const listener = guard.wrap(async (request, response, context) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) {
      text += chunk;
      if (text.length > maxBodyBytes) return send(response, { status: 413 });
    }
    const made = await shop.place(JSON.parse(text) as Order, context as HttpContext<Kind>);
    if (made !== undefined) send(response, made);
  });
  const operations = httpOperations<Kind>(
    {
      'POST /orders': ({ body }, context) => shop.place(JSON.parse(Buffer.from(body).toString()) as Order, context),
    },
    settings,
  );
  completer({ store: shop.store, operations: [operations], intervalMs: 500, baseDelayMs: 100 });
  createServer(listener).listen(Number(port), '127.0.0.1', () => console.log('listening'));
}

if (store === 'sqlite') await serve(sqliteShop(place, provider));
else if (store === 'postgres') await serve(postgresShop(place, provider));
else await serve(await redisShop(Number(place), provider));
