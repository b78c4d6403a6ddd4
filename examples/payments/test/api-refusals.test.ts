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

describe('bad parameters', () => {
  it.each([
    ['amount', 'parameter_missing', { currency: 'usd', source: 'tok_visa' }],
    ['currency', 'parameter_missing', { amount: '1', source: 'tok_visa' }],
    ['source', 'parameter_missing', { amount: '1', currency: 'usd' }],
    ['amount', 'parameter_invalid_empty', { ...goodCharge, amount: '' }],
    ['amount', 'parameter_invalid_integer', { ...goodCharge, amount: '0' }],
    ['amount', 'parameter_invalid_integer', { ...goodCharge, amount: '-5' }],
    ['amount', 'parameter_invalid_integer', { ...goodCharge, amount: '20.00' }],
    ['amount', 'parameter_invalid_integer', { ...goodCharge, amount: '0x10' }],
    ['amount', 'amount_too_large', { ...goodCharge, amount: '100000000' }],
    ['currency', 'currency_invalid', { ...goodCharge, currency: 'dollars' }],
    ['source', 'resource_missing', { ...goodCharge, source: '4242424242424242' }],
    ['description', 'parameter_invalid_string', { ...goodCharge, description: 'x'.repeat(501) }],
    ['metadata', 'parameter_invalid_string', { ...goodCharge, 'metadata[a]': 'x'.repeat(501) }],
    ['colour', 'parameter_unknown', { ...goodCharge, colour: 'red' }],
  ])('%s: %s', async (param, code, form) => {
    const { status, body } = await callApi(charges, { key: randomUUID(), form });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { type: 'invalid_request_error', param, code } });
  });

  it.each([[null], ['text'], [[1]], [{ ...goodCharge, amount: 1.5 }], [{ ...goodCharge, amount: 1e99 }]])(
    'refuses the JSON body %j',
    async (json) => {
      const { status, body } = await callApi(charges, { key: randomUUID(), json });
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: { type: 'invalid_request_error' } });
    },
  );

  it('answers an unreadable body in the same shape', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(charges, {
      method: 'POST',
      headers: { ...headers, authorization: 'Bearer sk_test_123', 'idempotency-key': randomUUID() },
      body: '{"amount":',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('refuses a body over its limit', async () => {
    const form = { ...goodCharge, description: 'x'.repeat(70_000) };
    const guarded = await callApi(charges, { key: randomUUID(), form });
    const unguarded = await callApi(charges, { form });
    expect([guarded.status, unguarded.status]).toEqual([413, 413]);
  });
});

describe('credentials', () => {
  it.each(['', 'Basic', 'Basic c2tfbGl2ZV8xMjM6', 'Bearer sk_live_123', 'Bearer sk_test_', 'Digest sk_test_123'])(
    'refuses %j',
    async (authorization) => {
      const headers: Record<string, string> = authorization === '' ? {} : { authorization };
      const { status, body, headers: fields } = await callApi(charges, { apiKey: '', headers, form: goodCharge });
      expect(status).toBe(401);
      expect(body).toMatchObject({ error: { type: 'invalid_request_error' } });
      expect(fields.get('www-authenticate')).toMatch(/^Basic /);
    },
  );

  it('are checked before the key, which can be used again with correct ones', async () => {
    const key = randomUUID();
    const refused = await callApi(charges, { apiKey: 'nobody', key, form: goodCharge });
    const accepted = await callApi(charges, { key, form: goodCharge });
    expect([refused.status, accepted.status]).toEqual([401, 200]);
  });
});

describe('routes', () => {
  it.each([
    ['GET', '/v1/nothing'],
    ['POST', '/v1/charges/'],
    ['POST', '/V1/charges'],
    ['DELETE', '/v1/charges'],
    ['PUT', '/v1/charges'],
  ])('answers 404 to %s %s', async (method, path) => {
    const { status, body } = await callApi(`${server.url}${path}`, { method, key: randomUUID() });
    expect(status).toBe(404);
    expect(body).toMatchObject({ error: { type: 'invalid_request_error' } });
  });
});
