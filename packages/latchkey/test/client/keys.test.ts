import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientEvent } from '../../src/client/client-events.ts';
import { idempotentFetch, type KeyStorage } from '../../src/client/index.ts';
import { clientRuntime } from '../../src/client/options.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { failure, mapStorage } from './client-kit.ts';
import { answer, drop, misbehave, own } from './misbehaving-server.ts';

const post = { method: 'POST', operation: 'cart-81' };
const hour = 3_600_000;

afterEach(() => vi.unstubAllGlobals());

describe('the key of an operation', () => {
  it('is kept over a reload: a new client with the same storage continues with it, and creates a new one afterwards', async () => {
    await using server = await misbehave(drop, own(402, {}, 'declined'));
    const storage = mapStorage();
    await failure(idempotentFetch({ storage, maxAttempts: 1 })(server.url, post));
    const events: ClientEvent[] = [];
    const reloaded = idempotentFetch({ storage, onEvent: (event) => events.push(event) });
    expect(await reloaded.isPending('cart-81')).toBe(true);
    expect((await reloaded(server.url, post)).response.status).toBe(402);
    expect(events).toMatchObject([{ type: 'resumed', operation: 'cart-81' }]);
    expect(storage.length).toBe(0);
    await reloaded(server.url, post);
    const [first, second, third] = server.seen.map(({ key }) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(second);
  });

  it('is different for each operation, whatever the body', async () => {
    await using server = await misbehave(answer(200));
    const client = idempotentFetch({ storage: mapStorage() });
    await Promise.all(['a', 'b'].map((operation) => client(server.url, { method: 'POST', body: 'same', operation })));
    expect(server.seen[0]?.key).not.toBe(server.seen[1]?.key);
  });

  it('is sent as an RFC 9651 String, or bare', async () => {
    await using server = await misbehave(answer(200));
    const { key } = await idempotentFetch({ storage: 'memory' })(server.url, post);
    const bare = await idempotentFetch({ storage: 'memory', keyStyle: 'bare' })(server.url, post);
    expect(server.seen.map((seen) => seen.key)).toEqual([`"${key}"`, bare.key]);
  });

  it('is dropped by forget()', async () => {
    await using server = await misbehave(drop, own(200));
    const client = idempotentFetch({ storage: mapStorage(), maxAttempts: 1 });
    await failure(client(server.url, post));
    await client.forget('cart-81');
    expect(await client.isPending('cart-81')).toBe(false);
    await client(server.url, post);
    expect(server.seen[1]?.key).not.toBe(server.seen[0]?.key);
  });

  it('that another tab has replaced is not changed', async () => {
    const storage = mapStorage();
    const others = JSON.stringify({ key: 'of-another-tab', createdAtMs: Date.now() });
    await using server = await misbehave((response) => {
      storage.setItem('latchkey:cart-81', others);
      response.end();
    });
    await idempotentFetch({ storage })(server.url, post);
    expect(storage.getItem('latchkey:cart-81')).toBe(others);
  });
});

describe('two clients of one page that begin an operation at the same instant', () => {
  it('send the same key', async () => {
    vi.stubGlobal('sessionStorage', mapStorage());
    await using server = await misbehave(own(200));
    await Promise.all([1, 2].map(() => idempotentFetch()(server.url, post)));
    expect(new Set(server.seen.map(({ key }) => key)).size).toBe(1);
  });
});

describe('the age of a stored key', () => {
  async function callAfter(ageMs: number) {
    await using server = await misbehave(drop, own(200));
    const runtime = manualRuntime();
    const client = idempotentFetch({ storage: mapStorage(), runtime, maxAttempts: 1 });
    await failure(client(server.url, post));
    await runtime.advance(ageMs);
    const call = () => client(server.url, post);
    return { call, client, keys: () => server.seen.map(({ key }) => key), settled: await call().catch((e) => e) };
  }

  it('up to keyTtlMs it is sent', async () => {
    const { settled, keys } = await callAfter(24 * hour - 60_000);
    expect(settled).toMatchObject({ final: true });
    expect(keys()[1]).toBe(keys()[0]);
  });

  it('after it nothing is sent until forget() was called', async () => {
    const { settled, keys, client } = await callAfter(24 * hour);
    expect(settled).toMatchObject({ code: 'key-expired', attempts: 0, operation: 'cart-81' });
    expect(keys()).toHaveLength(1);
    expect(await client.isPending('cart-81')).toBe(true);
    await client.forget('cart-81');
    expect(await client.isPending('cart-81')).toBe(false);
  });
});

describe('a failing storage never breaks a payment', () => {
  const refuse = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };

  async function payTwiceWith(storage: KeyStorage, runtime = clientRuntime) {
    await using server = await misbehave(drop, own(200));
    const events: ClientEvent[] = [];
    const client = idempotentFetch({ storage, maxAttempts: 1, runtime, onEvent: (event) => events.push(event) });
    await failure(client(server.url, post));
    expect(await client(server.url, post)).toMatchObject({ attempts: 1, final: true });
    await client(server.url, post);
    const [first, second, third] = server.seen.map(({ key }) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(second);
    return events.flatMap((event) => (event.type === 'storage-failed' ? [event.during] : []));
  }

  it('throws everywhere: the key is kept in memory', async () => {
    const during = await payTwiceWith({ getItem: refuse, setItem: refuse, removeItem: refuse });
    expect(new Set(during)).toEqual(new Set(['read', 'write', 'remove']));
  });

  it('is full', async () => expect(await payTwiceWith({ ...mapStorage(), setItem: refuse })).toContain('write'));

  it('does not remove a used key, which is not used again', async () => {
    expect(await payTwiceWith({ ...mapStorage(), removeItem: refuse })).toContain('remove');
  });

  it.each<[string, (storage: Storage) => void]>([
    ['can no longer be read', (storage) => Object.assign(storage, { getItem: refuse })],
    ['was cleared by the page', (storage) => storage.clear()],
  ])('%s after a request went unanswered: the key is still in memory', async (_what, harm) => {
    const storage = mapStorage();
    vi.stubGlobal('sessionStorage', storage);
    await using server = await misbehave(drop, own(200));
    const client = idempotentFetch({ maxAttempts: 1 });
    await failure(client(server.url, post));
    harm(storage);
    expect(await client(server.url, post)).toMatchObject({ final: true });
    const [first, second] = server.seen.map(({ key }) => key);
    expect(second).toBe(first);
    expect(await client.isPending('cart-81')).toBe(false);
  });

  it('is asynchronous, and rejects', async () => {
    const reject = () => Promise.reject(new Error('offline'));
    expect(await payTwiceWith({ getItem: reject, setItem: reject, removeItem: reject })).toContain('write');
  });

  it('never answers', async () => {
    const runtime = manualRuntime();
    const silent = () => {
      void runtime.advance(2_000);
      return new Promise<never>(() => undefined);
    };
    const events = await payTwiceWith({ getItem: silent, setItem: silent, removeItem: silent }, runtime);
    expect(events).toContain('read');
  });

  it.each(['', 'null', '{', '[]', '{"key":1,"createdAtMs":1}', '{"key":"a\\r\\nb","createdAtMs":1}', '{"key":"a"}'])(
    'holds %j: a new key',
    async (text) => {
      await using server = await misbehave(answer(200));
      const storage = mapStorage();
      storage.setItem('latchkey:cart-81', text);
      const { key } = await idempotentFetch({ storage })(server.url, post);
      expect(key).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('without crypto.randomUUID, as on an insecure page', () => {
  it('a key is still a random UUID of version 4', () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    try {
      const uuids = [clientRuntime.random.uuid(), clientRuntime.random.uuid()];
      for (const uuid of uuids)
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(uuids[0]).not.toBe(uuids[1]);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
