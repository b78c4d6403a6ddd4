/** A request with a key goes to one address, and a redirected answer is not the operation's. */

import { describe, expect, it } from 'vitest';
import { idempotentFetch } from '../../src/client/index.ts';
import { failure } from './client-kit.ts';
import { answer, misbehave, own } from './misbehaving-server.ts';

const post = { method: 'POST', body: 'card=4242', operation: 'cart-1' };

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('%i to another origin sends neither key nor body there', async (status) => {
    await using elsewhere = await misbehave(answer(200, {}, 'sign in'));
    await using server = await misbehave(answer(status, { location: elsewhere.url }));
    for (const input of [server.url, new Request(server.url, { method: 'POST' })]) {
      const client = idempotentFetch({ storage: 'memory' });
      const { response, final } = await client(input, post);
      expect([response.status, final]).toEqual([status, false]);
      expect(await client.isPending('cart-1')).toBe(true);
    }
    expect(elsewhere.seen).toEqual([]);
  });

  it('followed by the caller’s own fetch is never final', async () => {
    await using login = await misbehave(own(200, {}, 'sign in'));
    await using server = await misbehave(answer(302, { location: login.url }));
    const following: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'follow' });
    const client = idempotentFetch({ storage: 'memory', fetch: following, finalStatuses: [200] });
    expect(await client(server.url, post)).toMatchObject({ final: false, response: { status: 200 } });
    expect(await client.isPending('cart-1')).toBe(true);
  });

  it('hidden by a browser is never final', async () => {
    const hidden = new Response(null, { status: 200 });
    Object.defineProperties(hidden, { type: { value: 'opaqueredirect' }, status: { value: 0 } });
    const client = idempotentFetch({ storage: 'memory', fetch: () => Promise.resolve(hidden), maxAttempts: 1 });
    expect(await client('http://127.0.0.1/', post)).toMatchObject({ final: false });
    expect(await client.isPending('cart-1')).toBe(true);
  });

  it('marked as the operation’s own is its answer', async () => {
    await using server = await misbehave(own(303, { location: '/receipts/1' }));
    const { response, final } = await idempotentFetch({ storage: 'memory' })(server.url, post);
    expect([response.status, response.headers.get('location'), final]).toEqual([303, '/receipts/1', true]);
  });

  it('can be turned into a failure, and can’t be followed', async () => {
    await using server = await misbehave(answer(302, { location: '/login' }));
    const client = idempotentFetch({ storage: 'memory', maxAttempts: 1 });
    const refused = failure(client(server.url, { ...post, redirect: 'error' }));
    expect(await refused).toMatchObject({ code: 'retries-exhausted' });
    const following = failure(client(server.url, { ...post, redirect: 'follow' }));
    expect(await following).toMatchObject({ code: 'option-invalid' });
  });
});
