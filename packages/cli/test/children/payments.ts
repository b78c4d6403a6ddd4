/**
 * A payments server with a guard on the store of LATCHKEY_STORE. It prints `listening PORT`, and `charging KEY` with the
 * key that it sends to the provider. With LATCHKEY_HANG the provider never answers. It ends with its standard input.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { idempotency } from 'latchkey/node';
import { storeFromUrl } from 'latchkey/store-from-url';

const { LATCHKEY_STORE: url = '', LATCHKEY_HANG: hangs } = process.env;
const guard = idempotency({
  store: await storeFromUrl(url),
  principal: ({ headers }) => headers['x-account']?.toString() ?? '',
  steps: { markStarts: true },
  timing: { leaseMs: 500 },
});

const server = createServer(
  guard.wrap(async (request, response) => {
    const context = guard.context(request);
    await context.step('reserve', () => ({ reservation: 'r_1' }));
    await context.step('charge', ({ idempotencyKey }) => {
      process.stdout.write(`charging ${idempotencyKey}\n`);
      return hangs === undefined ? 'ch_2' : new Promise(() => {});
    });
    response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"ch_2"}');
  }),
);

server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().once('end', () => process.exit());
