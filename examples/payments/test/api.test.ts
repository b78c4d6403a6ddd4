import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, goodCharge } from './support/api-client.ts';
import { ServerProcess } from './support/server-process.ts';

let server: ServerProcess;
let charges: string;

beforeAll(async () => {
  server = await ServerProcess.start();
  charges = `${server.url}/v1/charges`;
});
afterAll(() => server.remove());

const newAccount = () => `sk_test_${randomUUID().replaceAll('-', '')}`;

describe('a charge', () => {
  it('is made from a form, with the key of the API as Basic user', async () => {
    const { status, body } = await callApi(charges, { form: { ...goodCharge, description: 'a lamp' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: 'charge', amount: 2000, currency: 'usd', source: 'tok_amex' });
    expect(body).toMatchObject({ status: 'succeeded', description: 'a lamp', metadata: {} });
    expect(body['id']).toMatch(/^ch_[0-9a-f]{32}$/);
    expect(Math.abs(Number(body['created']) - Date.now() / 1000)).toBeLessThan(3_600);
  });

  it('is made from JSON, with the key of the API as Bearer token', async () => {
    const headers = { authorization: 'Bearer sk_test_123' };
    const json = { amount: 1, currency: 'EUR', source: 'tok_visa', metadata: { order: '6735' } };
    const { status, body } = await callApi(charges, { apiKey: '', headers, json });
    expect(status).toBe(200);
    expect(body).toMatchObject({ amount: 1, currency: 'eur', metadata: { order: '6735' } });
  });

  it('takes metadata from a form', async () => {
    const { body } = await callApi(charges, { form: { ...goodCharge, 'metadata[order]': '6735' } });
    expect(body).toMatchObject({ metadata: { order: '6735' } });
  });

  it('is made for every request that has no key', async () => {
    const apiKey = newAccount();
    await callApi(charges, { apiKey, form: goodCharge });
    await callApi(charges, { apiKey, form: goodCharge });
    const { body } = await callApi(charges, { apiKey });
    expect(body['data']).toHaveLength(2);
  });
});

describe('a key', () => {
  it('charges once and answers the same bytes twice, the second time with the marker', async () => {
    const request = { apiKey: newAccount(), key: randomUUID(), form: goodCharge };
    const first = await callApi(charges, request);
    const second = await callApi(charges, request);
    expect(first.status).toBe(200);
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    expect([second.status, second.text]).toEqual([200, first.text]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect((await callApi(charges, { apiKey: request.apiKey })).body['data']).toHaveLength(1);
  });

  it('runs once for fifty concurrent requests', async () => {
    const request = { apiKey: newAccount(), key: randomUUID(), form: goodCharge };
    const answers = await Promise.all(Array.from({ length: 50 }, () => callApi(charges, request)));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 200 || status === 409)).toBe(true);
    expect((await callApi(charges, { apiKey: request.apiKey })).body['data']).toHaveLength(1);
  });

  it("is refused for another payload with Stripe's error", async () => {
    const request = { key: randomUUID(), form: goodCharge };
    const first = await callApi(charges, request);
    const other = await callApi(charges, { ...request, form: { ...goodCharge, amount: '2001' } });
    expect(other.status).toBe(400);
    expect(other.body).toMatchObject({ error: { type: 'idempotency_error' } });
    expect((await callApi(charges, request)).text).toBe(first.text);
  });

  it.each(['', '""', 'a, b', '"open', 'x'.repeat(256), '"k"; a=1'])('is refused as %j', async (key) => {
    const apiKey = newAccount();
    const { status, body } = await callApi(charges, { apiKey, key, form: goodCharge });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { type: 'invalid_request_error', code: 'key-invalid' } });
    expect((await callApi(charges, { apiKey })).body['data']).toHaveLength(0);
  });

  it('belongs to one account: two API keys never share it', async () => {
    const [first, second] = [newAccount(), newAccount()];
    const key = randomUUID();
    const mine = await callApi(charges, { apiKey: first, key, form: goodCharge });
    const theirs = await callApi(charges, { apiKey: second, key, form: goodCharge });
    expect(theirs.body['id']).not.toBe(mine.body['id']);
    expect(theirs.headers.has('idempotent-replayed')).toBe(false);
    const stranger = await callApi(`${charges}/${mine.body['id']}`, { apiKey: second });
    expect(stranger.status).toBe(404);
    expect((await callApi(charges, { apiKey: second })).body['data']).toEqual([theirs.body]);
  });

  it('can be used again after a request with bad parameters', async () => {
    const key = randomUUID();
    const bad = await callApi(charges, { key, form: { ...goodCharge, currency: 'dollars' } });
    const good = await callApi(charges, { key, form: goodCharge });
    expect([bad.status, good.status]).toEqual([400, 200]);
  });

  it('keeps the answer of a declined card', async () => {
    const request = { apiKey: newAccount(), key: randomUUID(), form: { ...goodCharge, source: 'tok_chargeDeclined' } };
    const first = await callApi(charges, request);
    const second = await callApi(charges, request);
    expect(first.status).toBe(402);
    expect(first.body).toMatchObject({ error: { type: 'card_error', code: 'card_declined' } });
    expect([second.status, second.text]).toEqual([402, first.text]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });
});
