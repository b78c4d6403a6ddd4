import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCharges } from './support/charges-in-database.ts';
import { ServerProcess } from './support/server-process.ts';
import { goodOrder, ShopClient } from './support/shop-client.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});
afterAll(() => server.remove());

const newNumber = () => randomUUID().slice(0, 8).toUpperCase();

function chargesOf(number: string): number {
  return readCharges(server.dataFolder).filter(({ description }) => description === `Order ${number}`).length;
}

describe('the plain form', () => {
  it('is answered with a 303, and a repetition with the same one', async () => {
    const buyer = await ShopClient.open(server.url);
    const number = newNumber();
    const fields = {
      ...goodOrder,
      order: number,
      idempotency_key: randomUUID(),
      disaster: 'none',
      ticket: randomUUID(),
    };
    const first = await buyer.submit(fields);
    const second = await buyer.submit({ ...fields, ticket: randomUUID() });
    for (const response of [first, second]) {
      expect([response.status, response.headers.get('location')]).toEqual([303, `/?paid=${number}`]);
    }
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(chargesOf(number)).toBe(1);
  });

  it('is refused without its hidden key', async () => {
    const buyer = await ShopClient.open(server.url);
    const response = await buyer.submit({ ...goodOrder, order: newNumber() });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch('text/html');
  });

  it('says what to do when its key was used for another cart', async () => {
    const buyer = await ShopClient.open(server.url);
    const number = newNumber();
    const fields = { ...goodOrder, order: number, idempotency_key: randomUUID() };
    await buyer.submit(fields);
    const response = await buyer.submit({ ...fields, lamp: '2' });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain(`/?dropped=${number}`);
    expect(chargesOf(number)).toBe(1);
  });

  it('pays nothing without a cookie', async () => {
    const body = new URLSearchParams({ ...goodOrder, order: newNumber(), idempotency_key: randomUUID() });
    const response = await fetch(`${server.url}/checkout`, { method: 'POST', body, redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
  });
});

describe('an order', () => {
  it.each([
    ['an empty cart', { ...goodOrder, lamp: '0' }],
    ['a quantity that is not a number', { ...goodOrder, lamp: '1e3' }],
    ['too many of a thing', { ...goodOrder, lamp: '10' }],
    ['an unknown card', { ...goodOrder, card: 'tok_mine' }],
    ['no number', { ...goodOrder, order: '<b>' }],
  ])('is refused for %s, and can be corrected under the same key', async (_fault, order) => {
    const buyer = await ShopClient.open(server.url);
    const key = randomUUID();
    const refused = await buyer.pay({ key, order });
    expect(refused.status).toBe(400);
    const mended = await buyer.pay({ key });
    expect(mended.status).toBe(200);
  });

  it('is priced by the server, whatever price the page sends', async () => {
    const buyer = await ShopClient.open(server.url);
    const response = await buyer.pay({ key: randomUUID(), order: { ...goodOrder, amount: 1, total: 1 } });
    expect(await response.json()).toMatchObject({ amount: 4_800, currency: 'usd' });
  });

  it('is not visible to another buyer who guesses its key', async () => {
    const [first, second] = await Promise.all([ShopClient.open(server.url), ShopClient.open(server.url)]);
    const key = randomUUID();
    const mine = await (await first.pay({ key })).json();
    const theirs = await (await second.pay({ key })).json();
    expect(theirs).not.toEqual(mine);
  });
});

describe('disasters', () => {
  it("don't affect the API", async () => {
    const headers = { authorization: 'Bearer sk_test_123', 'demo-disaster': 'lost', 'demo-ticket': randomUUID() };
    const body = new URLSearchParams({ amount: '1', currency: 'usd', source: 'tok_visa' });
    const response = await fetch(`${server.url}/v1/charges`, { method: 'POST', headers, body });
    expect(response.status).toBe(200);
  });

  it('make the naive endpoint charge twice and the guarded one once', async () => {
    const buyer = await ShopClient.open(server.url);
    const [keyed, naive] = [newNumber(), newNumber()];
    const key = randomUUID();
    const guarded = { key, order: { ...goodOrder, order: keyed } };
    await expect(buyer.pay({ ...guarded, disaster: 'lost' })).rejects.toThrow();
    expect((await buyer.pay(guarded)).headers.get('idempotent-replayed')).toBe('true');
    const unguarded = { path: '/naive/payments', order: { ...goodOrder, order: naive } };
    await expect(buyer.pay({ ...unguarded, disaster: 'lost' })).rejects.toThrow();
    expect((await buyer.pay(unguarded)).status).toBe(200);
    expect([chargesOf(keyed), chargesOf(naive)]).toEqual([1, 2]);
  });
});
