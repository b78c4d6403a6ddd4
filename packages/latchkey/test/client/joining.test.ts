import { describe, expect, it, vi } from 'vitest';
import type { ClientEvent } from '../../src/client/client-events.ts';
import { idempotentFetch } from '../../src/client/index.ts';
import { failure, mapStorage } from './client-kit.ts';
import { answer, drop, hang, misbehave, own } from './misbehaving-server.ts';

const reason = new Error('the buyer went away');
const post = { method: 'POST', body: 'amount=2000', operation: 'cart-1' };

describe('the same operation called again while it runs', () => {
  it('sends one request, and each caller gets a Response to read', async () => {
    await using server = await misbehave(answer(200, {}, 'charged'));
    const events: ClientEvent[] = [];
    const client = idempotentFetch({ storage: 'memory', onEvent: (event) => events.push(event) });
    const answers = await Promise.all([client(server.url, post), client(server.url, post), client(server.url, post)]);
    expect(await Promise.all(answers.map(({ response }) => response.text()))).toEqual(Array(3).fill('charged'));
    expect(server.seen).toHaveLength(1);
    expect(events).toEqual(Array(2).fill({ type: 'joined', operation: 'cart-1' }));
  });

  it('fails for all callers alike', async () => {
    await using server = await misbehave(drop);
    const client = idempotentFetch({ storage: 'memory', maxAttempts: 1 });
    const errors = await Promise.all([failure(client(server.url, post)), failure(client(server.url, post))]);
    expect(errors.map(({ code }) => code)).toEqual(['retries-exhausted', 'retries-exhausted']);
    expect(server.seen).toHaveLength(1);
  });

  it('with another body is refused, and the running one continues', async () => {
    await using server = await misbehave((response) => setTimeout(() => response.end('charged'), 50));
    const client = idempotentFetch({ storage: 'memory' });
    const running = client(server.url, post);
    await server.arrived(1);
    const error = await failure(client(server.url, { ...post, body: 'amount=9999' }));
    expect(error).toMatchObject({ code: 'payload-changed', attempts: 0 });
    expect(await (await running).response.text()).toBe('charged');
    expect(server.seen).toHaveLength(1);
  });

  it('continues when one caller aborts', async () => {
    const held = Promise.withResolvers<void>();
    await using server = await misbehave((response) => void held.promise.then(() => response.end('charged')));
    const client = idempotentFetch({ storage: 'memory' });
    const abort = new AbortController();
    const first = failure(client(server.url, { ...post, signal: abort.signal }));
    await server.arrived(1);
    const second = client(server.url, post);
    await new Promise(setImmediate);
    abort.abort(reason);
    expect(await first).toBe(reason);
    held.resolve();
    expect(await (await second).response.text()).toBe('charged');
    expect(server.seen).toHaveLength(1);
  });

  it('ends when all callers have aborted, and a call right after it starts a new one', async () => {
    await using server = await misbehave(hang, own(200));
    const client = idempotentFetch({ storage: 'memory' });
    const abort = new AbortController();
    const both = [1, 2].map(() => failure(client(server.url, { ...post, signal: abort.signal })));
    await server.arrived(1);
    abort.abort(reason);
    const next = client(server.url, post);
    expect(await Promise.all(both)).toEqual([reason, reason]);
    expect(await next).toMatchObject({ attempts: 1, final: true });
    expect(server.seen[1]?.key).toBe(server.seen[0]?.key);
  });

  it('an aborted call that ends slowly does not affect the next ones', async () => {
    const held = Promise.withResolvers<void>();
    const reads = [Promise.withResolvers<null>(), Promise.withResolvers<null>()];
    let read = 0;
    const storage = { ...mapStorage(), getItem: () => reads[read++]?.promise ?? null };
    // The page's own storage is used without locks.
    vi.stubGlobal('sessionStorage', storage);
    await using server = await misbehave((response) => void held.promise.then(() => response.end('charged')));
    const client = idempotentFetch();
    vi.unstubAllGlobals();
    const abort = new AbortController();
    const deserted = failure(client(server.url, { ...post, signal: abort.signal }));
    await vi.waitUntil(() => read === 1);
    abort.abort(reason);
    expect(await deserted).toBe(reason);
    const second = client(server.url, post);
    reads[0]?.resolve(null);
    await vi.waitUntil(() => read === 2);
    reads[1]?.resolve(null);
    await server.arrived(1);
    const third = client(server.url, post);
    await new Promise(setImmediate);
    held.resolve();
    expect([(await second).key, (await third).key]).toEqual(Array(2).fill((await second).key));
    expect(server.seen).toHaveLength(1);
  });
});
