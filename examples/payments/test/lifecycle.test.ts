import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callApi, goodCharge } from './support/api-client.ts';
import { readCharges } from './support/charges-in-database.ts';
import { operationsIn } from './support/operations.ts';
import { ServerProcess } from './support/server-process.ts';
import { ShopClient } from './support/shop-client.ts';
import { waitUntil } from './support/wait-until.ts';

let server: ServerProcess;

beforeEach(async () => {
  server = await ServerProcess.start();
});
afterEach(() => server.remove());

it('answers with the same bytes after kill -9 and a restart', async () => {
  const request = { key: randomUUID(), form: goodCharge };
  const first = await callApi(`${server.url}/v1/charges`, request);
  await server.end('SIGKILL');
  await server.restart();
  const second = await callApi(`${server.url}/v1/charges`, request);
  expect([second.status, second.text]).toEqual([200, first.text]);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(readCharges(server.dataFolder)).toHaveLength(1);
});

it('lets a running payment finish on SIGTERM, and takes no new one', async () => {
  const buyer = await ShopClient.open(server.url);
  const key = randomUUID();
  const running = buyer.pay({ key, disaster: 'slow' });
  await waitUntil(async () => (await operationsIn(server.dataFolder, 'running')).size === 1);
  const ending = server.end('SIGTERM');
  await waitUntil(() => isRefused(server.url));
  const response = await running;
  const charge = await response.text();
  expect(response.status).toBe(200);
  expect(await ending).toEqual({ code: 0, signal: null });
  expect(server.errors).toBe('');
  expect(readCharges(server.dataFolder)).toHaveLength(1);
  expect((await operationsIn(server.dataFolder, 'completed')).size).toBe(1);

  await server.restart();
  const again = await buyer.pay({ key });
  expect(await again.text()).toBe(charge);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
});

async function isRefused(url: string): Promise<boolean> {
  return fetch(url).then(
    () => false,
    () => true,
  );
}
