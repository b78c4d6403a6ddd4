import { idempotency } from 'latchkey/express';
import { listening, options, placeOrder } from './shop.mjs';

const { default: express } = await import(process.env.EXPRESS ?? 'express');
const guard = idempotency(await options((request) => request.get('x-account')));

/** The application for a server and for Lambda's adapters. */
export const app = express();

app.post('/orders', express.json(), guard, (request, response, next) => {
  placeOrder(guard.context(request), request.body).then((order) => response.status(201).json(order), next);
});

if (process.argv[1]?.endsWith('express.mjs')) {
  const server = app.listen(0, '127.0.0.1', () => listening(server.address().port));
}
