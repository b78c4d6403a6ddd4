/** Middleware before the guard that breaks the connection instead of the answer. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/express.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

it('the client sees at once that the connection broke, and its retry gets the stored answer', async () => {
  const app = express();
  let requests = 0;
  app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    requests += 1;
    if (requests === 1) {
      response.end = () => {
        request.socket.destroy();
        return response;
      };
    }
    next();
  });
  let charges = 0;
  const guard = idempotency({ store: memoryStore(), principal: () => 'p', log: false });
  app.post('/pay', guard, express.json(), (_request, response) => {
    charges += 1;
    response.status(201).json({ charge: charges });
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pay`;
  const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
  const pay = () => fetch(url, { method: 'POST', body: '{"amount":1}', headers });
  await expect(pay()).rejects.toThrow('fetch failed');
  const again = await pay();
  expect([again.status, await again.json(), again.headers.get('idempotent-replayed')]).toEqual([
    201,
    { charge: 1 },
    'true',
  ]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
