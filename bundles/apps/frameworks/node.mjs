import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { idempotency } from 'latchkey/node';
import { listening, options, placeOrder } from './shop.mjs';

const guard = idempotency(await options((request) => request.headers['x-account']));

const server = createServer(
  guard.wrap(async (request, response, context) => {
    const order = await placeOrder(context, await json(request));
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(order));
  }),
);
server.listen(0, '127.0.0.1', () => listening(server.address().port));
