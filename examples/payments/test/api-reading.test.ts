import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, goodCharge } from './support/api-client.ts';
import { ServerProcess } from './support/server-process.ts';

let server: ServerProcess;
let charges: string;
const apiKey = `sk_test_${randomUUID().replaceAll('-', '')}`;
const made: string[] = [];

beforeAll(async () => {
  server = await ServerProcess.start();
  charges = `${server.url}/v1/charges`;
  for (const amount of ['1', '2', '3', '4', '5']) {
    const { body } = await callApi(charges, { apiKey, key: randomUUID(), form: { ...goodCharge, amount } });
    made.unshift(String(body['id']));
  }
});
afterAll(() => server.remove());

async function list(query: string): Promise<{ ids: string[]; hasMore: unknown }> {
  const { body } = await callApi(`${charges}${query}`, { apiKey });
  const data = body['data'] as { id: string }[];
  return { ids: data.map(({ id }) => id), hasMore: body['has_more'] };
}

describe('the list', () => {
  it('has the shape of Stripe’s lists, newest first', async () => {
    const { status, body } = await callApi(charges, { apiKey });
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: 'list', has_more: false, url: '/v1/charges' });
    expect((await list('')).ids).toEqual(made);
  });

  it('returns pages', async () => {
    expect(await list('?limit=2')).toEqual({ ids: made.slice(0, 2), hasMore: true });
    expect(await list(`?limit=2&starting_after=${made[1]}`)).toEqual({ ids: made.slice(2, 4), hasMore: true });
    expect(await list(`?limit=2&starting_after=${made[3]}`)).toEqual({ ids: made.slice(4), hasMore: false });
  });

  it.each([
    ['limit', 'parameter_invalid_integer', '?limit=0'],
    ['limit', 'parameter_invalid_integer', '?limit=101'],
    ['limit', 'parameter_invalid_integer', '?limit=ten'],
    ['limit', 'parameter_invalid_integer', '?limit=1&limit=2'],
    ['starting_after', 'resource_missing', '?starting_after=ch_none'],
    ['starting_after', 'parameter_invalid_string', '?starting_after=a&starting_after=b'],
  ])('refuses %s: %s', async (param, code, query) => {
    const { status, body } = await callApi(`${charges}${query}`, { apiKey });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { type: 'invalid_request_error', param, code } });
  });

  it('needs an API key', async () => {
    expect((await callApi(charges, { apiKey: '' })).status).toBe(401);
  });
});

describe('one charge', () => {
  it('is found by its id', async () => {
    const { status, body } = await callApi(`${charges}/${made[0]}`, { apiKey });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: made[0], object: 'charge', amount: 5 });
  });

  it('is not found under another id, or with another account', async () => {
    const unknown = await callApi(`${charges}/ch_none`, { apiKey });
    const foreign = await callApi(`${charges}/${made[0]}`, { apiKey: 'sk_test_stranger' });
    for (const { status, body } of [unknown, foreign]) {
      expect(status).toBe(404);
      expect(body).toMatchObject({ error: { code: 'resource_missing' } });
    }
  });
});
