import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expectOnce, testStore } from 'latchkey/testing';
import { expect, test } from 'vitest';
import { createApp } from '../checkout.ts';

/** A provider that honours idempotency keys, as the real one does. */
function fakeProvider() {
  const charges = new Map<string, { id: string; amount: number }>();
  return {
    charges,
    async charge(amount: number, { idempotencyKey }: { idempotencyKey: string }) {
      const charge = charges.get(idempotencyKey) ?? { id: `ch_${charges.size + 1}`, amount };
      charges.set(idempotencyKey, charge);
      return charge;
    },
  };
}

const request = { path: '/charges', headers: { Authorization: 'Bearer secret' }, body: { amount: 2000 } };

test('a charge is made once, whenever the server crashes', async () => {
  const [store, provider] = [testStore(), fakeProvider()];
  const app = createApp({ store, provider });
  await expectOnce(app, request, { store, effects: () => [...provider.charges.values()].map(({ amount }) => amount) });
});

test('a retry after a crash gets the id of the first charge', async () => {
  const [store, provider] = [testStore(), fakeProvider()];
  const server = createApp({ store, provider }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const send = () => {
    const headers = { ...request.headers, 'Content-Type': 'application/json', 'Idempotency-Key': 'order-81' };
    return fetch(`http://127.0.0.1:${port}/charges`, { method: 'POST', headers, body: JSON.stringify(request.body) });
  };

  const crashed = store.crashAfter('charge'); // the next worker that saves this step crashes
  const lost = send(); // has no answer yet
  await crashed;
  expect(await (await send()).json()).toEqual({ id: 'ch_1', amount: 2000 });
  await store.wakeCrashed(); // the crashed worker notices that it lost its record
  expect((await lost).status).toBe(500);
  server.close();
});
