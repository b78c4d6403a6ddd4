/** Tabs that share a storage send one key. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { idempotentFetch, type KeyStorage } from '../../src/client/index.ts';
import { mapStorage } from './client-kit.ts';
import { misbehave, own } from './misbehaving-server.ts';

const post = { method: 'POST', body: 'amount=2000', operation: 'cart-1' };

afterEach(() => vi.unstubAllGlobals());

/** A browser's locks: one holder per name, the others wait in a queue. */
function browserLocks() {
  const ends = new Map<string, Promise<unknown>>();
  const request = (name: string, _options: object, work: () => Promise<unknown>) => {
    const turn = (ends.get(name) ?? Promise.resolve()).then(work);
    ends.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  };
  return { request };
}

/** An asynchronous storage: every call takes a few turns. */
function slowStorage(inner: KeyStorage = mapStorage()): KeyStorage {
  const later = () => new Promise((resolve) => setTimeout(resolve, 5));
  return {
    getItem: (name) => later().then(() => inner.getItem(name)),
    setItem: (name, value) => later().then(() => inner.setItem(name, value)),
    removeItem: (name) => later().then(() => inner.removeItem(name)),
  };
}

async function clickInTwoTabs(storage: KeyStorage | 'cross-tab') {
  await using server = await misbehave((response, request) => setTimeout(() => own(201)(response, request), 30));
  const tabs = [1, 2].map(() => idempotentFetch({ storage }));
  const answers = await Promise.all(tabs.map((tab) => tab(server.url, post)));
  return new Set([...answers.map(({ key }) => key), ...server.seen.map(({ key }) => key?.replaceAll('"', ''))]).size;
}

describe('two tabs at the same instant', () => {
  it('get one key under a lock', async () => {
    vi.stubGlobal('navigator', { locks: browserLocks() });
    expect(await clickInTwoTabs(slowStorage())).toBe(1);
  });

  it('get one key without locks, as the one that wrote last wins', async () => {
    vi.stubGlobal('navigator', {});
    vi.stubGlobal('document', {});
    expect(await clickInTwoTabs(mapStorage())).toBe(1);
    expect(await clickInTwoTabs(slowStorage())).toBe(1);
  });

  it("share localStorage with storage: 'cross-tab'", async () => {
    vi.stubGlobal('navigator', { locks: browserLocks() });
    vi.stubGlobal('localStorage', slowStorage());
    expect(await clickInTwoTabs('cross-tab')).toBe(1);
  });
});

describe('a lock', () => {
  it('that is refused or never granted does not block a payment', async () => {
    for (const request of [() => Promise.reject(new DOMException('opaque origin', 'SecurityError')), neverGranted]) {
      vi.stubGlobal('navigator', { locks: { request } });
      await using server = await misbehave(own(201));
      const runtime = hurryingTimers();
      expect(await idempotentFetch({ storage: mapStorage(), runtime })(server.url, post)).toMatchObject({
        final: true,
      });
    }
  });
});

/** A frozen tab holds it. */
function neverGranted(_name: string, { signal }: { signal: AbortSignal }): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

/** Timers of two seconds, which are those of locks and storages, pass in two milliseconds. */
function hurryingTimers() {
  const { clock, random } = {
    clock: { now: Date.now, monotonic: () => performance.now() },
    random: { uuid: () => crypto.randomUUID(), fraction: Math.random },
  };
  const set = (callback: () => void, delayMs: number) => setTimeout(callback, delayMs === 2_000 ? 2 : delayMs);
  const clear = (handle: unknown) => clearTimeout(handle as ReturnType<typeof setTimeout>);
  return { clock, random, timers: { set, clear } };
}
