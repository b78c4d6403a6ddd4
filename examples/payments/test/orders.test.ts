import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiRequest, callApi } from './support/api-client.ts';
import { readNotes, readStock } from './support/order-database.ts';
import { ProviderProcess } from './support/provider-process.ts';
import { ServerProcess } from './support/server-process.ts';
import { waitUntil } from './support/wait-until.ts';

const lamp = { product: 'lamp', quantity: 2, source: 'tok_visa' };
let provider: ProviderProcess;
let server: ServerProcess;

beforeEach(async () => {
  provider = await ProviderProcess.start();
  server = await ServerProcess.start('server', [], { CARD_PROVIDER: provider.url });
});

afterEach(async () => {
  await server.remove();
  await provider.stop();
});

const order = (key: string, json: unknown = lamp, more: ApiRequest = {}) =>
  callApi(`${server.url}/v1/orders`, { key, json, ...more });

/** A client that retries until it has a final answer. */
async function orderUntilDone(key: string): Promise<Awaited<ReturnType<typeof order>>> {
  let answer: Awaited<ReturnType<typeof order>> | undefined;
  await waitUntil(async () => {
    answer = await order(key).catch(() => undefined);
    return answer !== undefined && answer.status !== 409 && answer.status < 500;
  });
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

describe('orders of the API', () => {
  it('are placed once per key, with one charge, and can be looked up', async () => {
    const first = await order('k');
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ object: 'order', status: 'paid', product: 'lamp', quantity: 2, amount: 9_600 });
    expect((await order('k')).text).toBe(first.text);
    expect(await provider.charges()).toHaveLength(1);
    expect(readStock(server.dataFolder, 'lamp')).toBe(998);
    expect((await callApi(`${server.url}/v1/orders/${String(first.body['id'])}`)).text).toBe(first.text);
    expect((await callApi(`${server.url}/v1/orders`)).body).toMatchObject({ data: [first.body], has_more: false });
    const stranger = await callApi(`${server.url}/v1/orders`, { apiKey: 'sk_test_other' });
    expect(stranger.body['data']).toEqual([]);
  });

  it('release the goods when the card is declined', async () => {
    const declined = await order('k', { ...lamp, source: 'tok_chargeDeclined' });
    expect([declined.status, declined.body]).toMatchObject([402, { error: { code: 'card_declined' } }]);
    expect((await order('k', { ...lamp, source: 'tok_chargeDeclined' })).text).toBe(declined.text);
    expect(readStock(server.dataFolder, 'lamp')).toBe(1_000);
    expect(await provider.charges()).toEqual([]);
  });

  it('are refused without a key, and with unknown parameters', async () => {
    expect((await callApi(`${server.url}/v1/orders`, { json: lamp })).status).toBe(400);
    const refusals = [{ product: 'boat' }, { quantity: 0 }, { quantity: '1.5' }, { source: '4242' }, { color: 'red' }];
    for (const refusal of refusals) {
      const { status, body } = await order(randomUUID(), { ...lamp, ...refusal });
      expect([status, body]).toMatchObject([400, { error: { param: Object.keys(refusal)[0] } }]);
    }
    expect((await callApi(`${server.url}/v1/orders/or_none`)).status).toBe(404);
    expect((await callApi(`${server.url}/v1/orders?starting_after=or_none`)).status).toBe(400);
  });

  it('resume where they stopped when the provider does not answer', async () => {
    await provider.tell({ always: ['fail'] });
    expect(await order('k')).toMatchObject({ status: 502, body: { error: { code: 'provider_silent' } } });
    await provider.tell({ always: ['ok'] });
    expect((await order('k')).status).toBe(200);
    expect(readStock(server.dataFolder, 'lamp')).toBe(998);
    expect(readNotes(server.dataFolder).slice(0, 3)).toEqual(['reserve 1 ran', 'reserve 2 resumed', 'charge 2 ran']);
  });

  it('are charged once when the provider loses an answer, sends one twice, or dies', async () => {
    for (const behaviour of ['lose-answer', 'answer-twice', 'die'] as const) {
      await provider.tell({ next: [behaviour] });
      expect((await orderUntilDone(behaviour)).status).toBe(200);
    }
    expect(await provider.charges()).toHaveLength(3);
  });

  it('are charged once when the server is killed between the charge and its answer', async () => {
    await provider.tell({ next: ['slow'] });
    const broken = order('k').catch(() => undefined);
    await waitUntil(async () => (await provider.charges()).length === 1);
    await server.end('SIGKILL');
    await broken;
    await server.restart();
    expect((await orderUntilDone('k')).status).toBe(200);
    expect(await provider.charges()).toHaveLength(1);
  });

  it('resume after the last saved step when the server is killed in the middle', async () => {
    await provider.tell({ next: ['hang'] });
    const broken = order('k').then(
      () => false,
      () => true,
    );
    await waitUntil(() => readNotes(server.dataFolder).includes('reserve 1 ran'));
    await server.end('SIGKILL');
    expect(await broken).toBe(true);
    await server.restart();
    expect((await orderUntilDone('k')).status).toBe(200);
    expect(readNotes(server.dataFolder)).toEqual([
      'reserve 1 ran',
      'reserve 2 resumed',
      'charge 2 ran',
      'order 2 ran',
      'mail 2 ran',
    ]);
    expect(await provider.charges()).toHaveLength(1);
    expect(readStock(server.dataFolder, 'lamp')).toBe(998);
  });
});
