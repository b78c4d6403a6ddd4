/** A browser that goes offline during an operation and comes online again. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ClientEvent, idempotentFetch } from '../../src/client/index.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { failure, hurried } from './client-kit.ts';
import { drop, misbehave, own } from './misbehaving-server.ts';

const post = { method: 'POST', body: 'amount=2000', operation: 'cart-1' };

afterEach(() => vi.unstubAllGlobals());

/** The global events and state of an offline page. */
function offlinePage() {
  const page = new EventTarget();
  const navigator = { onLine: false };
  vi.stubGlobal('navigator', navigator);
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  return {
    comeBack: () => {
      navigator.onLine = true;
      page.dispatchEvent(new Event('online'));
    },
  };
}

describe('an offline browser', () => {
  it('resumes as soon as it is online again, without waiting for a timer, and sends the same key', async () => {
    await using server = await misbehave(drop, own(201));
    const page = offlinePage();
    const events: ClientEvent[] = [];
    const runtime = manualRuntime();
    const told = Promise.withResolvers<void>();
    const onEvent = (event: ClientEvent) => {
      events.push(event);
      told.resolve();
    };
    const answered = idempotentFetch({ storage: 'memory', runtime, onEvent, maxAttempts: 1 })(server.url, post);
    await told.promise;
    expect(events).toMatchObject([{ type: 'retrying', offline: true }]);
    page.comeBack();
    expect(await answered).toMatchObject({ attempts: 2, final: true });
    expect(runtime.clock.monotonic()).toBe(0);
    expect(runtime.pendingTimers()).toBe(0);
    expect(server.seen[1]?.key).toBe(server.seen[0]?.key);
  });

  it('uses up no attempts, only the total time', async () => {
    await using server = await misbehave(drop);
    offlinePage();
    const { runtime, onEvent } = hurried();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent, maxAttempts: 1 });
    const error = await failure(client(server.url, post));
    expect(error).toMatchObject({ code: 'retries-exhausted' });
    expect(error.attempts).toBeGreaterThan(10);
    expect(await client.isPending('cart-1')).toBe(true);
  });

  it('ends at once when its caller aborts', async () => {
    await using server = await misbehave(drop);
    offlinePage();
    const abort = new AbortController();
    const runtime = manualRuntime();
    const onEvent = () => abort.abort(new Error('gone'));
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent });
    expect(await failure(client(server.url, { ...post, signal: abort.signal }))).toMatchObject({ message: 'gone' });
    await runtime.settle();
    expect(runtime.pendingTimers()).toBe(0);
  });
});
