/** A key belongs to its request until the outcome of that request is known. */

import { describe, expect, it } from 'vitest';
import { type ClientOptions, idempotentFetch } from '../../src/client/index.ts';
import { failure, mapStorage } from './client-kit.ts';
import { answer, type Behaviour, drop, misbehave, own, problem } from './misbehaving-server.ts';

const post = (amount: number) => ({ method: 'POST', body: `amount=${amount}`, operation: 'cart-1' });

/** A shop whose page is reloaded between any two clicks. */
async function shop(behaviours: [Behaviour, ...Behaviour[]], options: ClientOptions = {}) {
  const server = await misbehave(...behaviours);
  const storage = mapStorage();
  const page = () => idempotentFetch({ storage, maxAttempts: 1, ...options });
  const click = (init: { method: string; body: string; operation: string }, url = server.url) => page()(url, init);
  return { server, storage, page, click, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('another payload while the outcome of the first is unknown', () => {
  it('sends nothing: no second order after an edit', async () => {
    await using buyer = await shop([drop, own(201)]);
    await failure(buyer.click(post(2000)));
    expect(await failure(buyer.click(post(3000)))).toMatchObject({
      name: 'NoAnswerError',
      code: 'payload-changed',
      attempts: 0,
      operation: 'cart-1',
      mayHaveHappened: true,
    });
    expect(buyer.server.seen).toHaveLength(1);
    expect(await buyer.page().isPending('cart-1')).toBe(true);
  });

  it.each<[string, (url: string) => [{ method: string; body: string }, string]]>([
    ['path', (url) => [{ method: 'POST', body: 'amount=2000' }, `${url}/other`]],
    ['query', (url) => [{ method: 'POST', body: 'amount=2000' }, `${url}?a=1`]],
    ['method', (url) => [{ method: 'PUT', body: 'amount=2000' }, url]],
  ])('another %s is another payload', async (_part, changed) => {
    await using buyer = await shop([drop, own(201)]);
    await failure(buyer.click(post(2000)));
    const [init, url] = changed(buyer.server.url);
    expect(await failure(buyer.click({ ...init, operation: 'cart-1' }, url))).toMatchObject({
      code: 'payload-changed',
    });
  });

  it('the former request, sent again, ends the operation; then the edited one is a new one', async () => {
    await using buyer = await shop([drop, own(201)]);
    await failure(buyer.click(post(2000)));
    await failure(buyer.click(post(3000)));
    expect(await buyer.click(post(2000))).toMatchObject({ final: true });
    expect(await buyer.click(post(3000))).toMatchObject({ final: true });
    const [first, second, third] = buyer.server.seen.map(({ key }) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(second);
  });

  it('forget drops the former request, and the edited one is a new operation', async () => {
    await using buyer = await shop([drop, own(201)]);
    await failure(buyer.click(post(2000)));
    await buyer.page().forget('cart-1');
    expect(await buyer.click(post(3000))).toMatchObject({ final: true });
    const [first, second] = buyer.server.seen.map(({ key }) => key);
    expect(second).not.toBe(first);
  });

  it('a server with another host name gets the same key', async () => {
    await using buyer = await shop([drop, own(201)]);
    await failure(buyer.click(post(2000)));
    const elsewhere = buyer.server.url.replace('127.0.0.1', 'localhost');
    const fetchOf: typeof fetch = (input, init) => fetch(String(input).replace('localhost', '127.0.0.1'), init);
    const { final } = await idempotentFetch({ storage: buyer.storage, fetch: fetchOf })(elsewhere, post(2000));
    expect(final).toBe(true);
    expect(buyer.server.seen[1]?.key).toBe(buyer.server.seen[0]?.key);
  });

  it('the storage holds no payload, and a digest too short to confirm a guess', async () => {
    await using buyer = await shop([drop]);
    await failure(buyer.click({ ...post(2000), body: 'card=4242424242424242' }));
    const entry = JSON.parse(buyer.storage.getItem('latchkey:cart-1') ?? '');
    expect(Object.keys(entry).sort()).toEqual(['createdAtMs', 'digest', 'key']);
    expect(entry.digest).toBeLessThan(2 ** 32);
  });

  it('an entry of an older release, without a digest, still works', async () => {
    await using buyer = await shop([own(201)]);
    buyer.storage.setItem('latchkey:cart-1', JSON.stringify({ key: 'from-before', createdAtMs: Date.now() }));
    expect(await buyer.click(post(2000))).toMatchObject({ key: 'from-before', final: true });
  });
});

describe('a name that is used again', () => {
  it('after its final answer is a new operation', async () => {
    await using buyer = await shop([own(201)]);
    await buyer.click(post(2000));
    await buyer.click(post(2000));
    expect(new Set(buyer.server.seen.map(({ key }) => key)).size).toBe(2);
  });

  it('with the key of another request: the server refuses it, and a new key is dropped', async () => {
    await using buyer = await shop([problem(422, 'key-reused'), answer(201)]);
    expect(await failure(buyer.click(post(2000)))).toMatchObject({ code: 'key-reused', mayHaveHappened: false });
    expect(await buyer.page().isPending('cart-1')).toBe(false);
  });
});
