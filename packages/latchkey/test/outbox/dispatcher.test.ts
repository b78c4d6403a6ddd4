import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import { messageId, type OutboxMessage } from '../../src/core/outbox.ts';
import type { Store } from '../../src/core/store.ts';
import { type Dispatcher, type DispatcherOptions, dispatcher } from '../../src/outbox/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { type SqliteTransactions, sqliteStore } from '../../src/stores/sqlite/index.ts';
import { patience } from '../servers/patience.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { enqueue } from './enqueue.ts';

const patient = { timeout: patience(60_000), interval: 10 };
const quick = { pollMs: 1, maxPollMs: 20, retryMs: 1, maxRetryMs: 20 };

describe('a dispatcher', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let store: Store<SqliteTransactions>;
  let running: Dispatcher | undefined;
  let events: LatchkeyEvent[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    store = sqliteStore({ database: folder.path('store.db') });
    events = [];
  });

  afterEach(async () => {
    await running?.close();
    running = undefined;
    await store.close();
    await folder.remove();
  });

  const start = (options: Pick<DispatcherOptions, 'deliver'> & Partial<DispatcherOptions>) => {
    running = dispatcher({ store, ...quick, onEvent: (event) => events.push(event), ...options });
  };

  const ofType = (type: LatchkeyEvent['type']) => events.filter((event) => event.type === type);

  const count = async (state: 'waiting' | 'dead') =>
    (await store.outbox?.list({ state, limit: 1_000 }))?.messages.length;

  it('delivers what was committed before and after it began, with id, names and payload', async () => {
    const delivered: OutboxMessage[] = [];
    await enqueue(store, 'first', ['mail']);
    start({ deliver: (message) => delivered.push(message) });
    await enqueue(store, 'second', ['mail', 'event']);
    await expect.poll(() => count('waiting'), patient).toBe(0);
    expect(delivered).toHaveLength(3);
    expect(delivered).toContainEqual({
      id: messageId('second', 'event'),
      operationId: 'second',
      operation: 'POST /orders',
      name: 'event',
      payload: expect.toSatisfy((payload) => Buffer.from(payload).toString() === 'payload of event'),
      createdAtMs: expect.any(Number),
      attempts: 1,
    });
    await expect.poll(() => ofType('message-delivered').length, patient).toBe(3);
  });

  it('retries failed deliveries, reports them, and gives up after the last attempt until a person retries', async () => {
    const attempts: number[] = [];
    let isBroken = true;
    await enqueue(store, 'operation', ['mail']);
    start({
      maxAttempts: 3,
      deliver: async (message) => {
        attempts.push(message.attempts);
        if (isBroken) throw new Error('the mail server is down');
      },
    });
    await expect.poll(() => count('dead'), patient).toBe(1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(ofType('message-failed')).toHaveLength(2);
    const id = messageId('operation', 'mail');
    await expect.poll(() => ofType('message-dead'), patient).toMatchObject([{ id, name: 'mail', attempts: 3 }]);
    isBroken = false;
    expect(await store.outbox?.retry(id)).toBe(true);
    await expect.poll(() => ofType('message-delivered'), patient).toMatchObject([{ id, attempts: 1 }]);
    expect(await count('dead')).toBe(0);
  });

  it('reports once a message whose dispatchers died', async () => {
    await enqueue(store, 'operation', ['mail']);
    await store.outbox?.take({ limit: 1, leaseMs: 1, maxAttempts: 1 });
    start({ maxAttempts: 1, deliver: () => {} });
    const others = [1, 2].map(() =>
      dispatcher({ store, ...quick, onEvent: (event) => events.push(event), maxAttempts: 1, deliver: () => {} }),
    );
    await expect.poll(() => ofType('message-dead').length, patient).toBeGreaterThan(0);
    await Promise.all(others.map((other) => other.close()));
    expect(ofType('message-dead')).toMatchObject([
      { id: messageId('operation', 'mail'), attempts: 1, error: expect.objectContaining({ code: 'lease-lost' }) },
    ]);
  });

  it('reports a dead message once although the answer to its burial was lost', async () => {
    const { outbox } = store;
    if (outbox === undefined) throw new TypeError('There is no outbox.');
    let losses = 1;
    const bury: typeof outbox.bury = async (...args) => {
      const isBuried = await outbox.bury(...args);
      losses -= 1;
      if (losses >= 0) throw new Error('the answer was lost');
      return isBuried;
    };
    const take: typeof outbox.take = (request) => outbox.take(request);
    await enqueue(store, 'operation', ['mail']);
    const forgetful = Object.assign(Object.create(outbox), { take, bury });
    const deliver = () => Promise.reject(new Error('the mail server is down'));
    start({ store: Object.assign(Object.create(store), { outbox: forgetful }), maxAttempts: 1, deliver });
    await expect.poll(() => ofType('message-dead').length, patient).toBe(1);
    expect(await count('dead')).toBe(1);
  });

  it('runs exactly as many concurrent deliveries as allowed', async () => {
    let [active, most] = [0, 0];
    const release = Promise.withResolvers<void>();
    const names = Array.from({ length: 12 }, (_, index) => `message-${index}`);
    await enqueue(store, 'operation', names);
    start({
      concurrency: 3,
      deliver: async () => {
        active += 1;
        most = Math.max(most, active);
        if (most === 3) release.resolve();
        await release.promise;
        active -= 1;
      },
    });
    await expect.poll(() => count('waiting'), patient).toBe(0);
    expect(most).toBe(3);
  });

  it('aborts a hung delivery before its lease ends, and delivers again under the same id', async () => {
    const ids: string[] = [];
    const reasons: unknown[] = [];
    await enqueue(store, 'operation', ['mail']);
    start({
      leaseMs: 200,
      deliver: async ({ id, attempts }, { signal }) => {
        ids.push(id);
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        if (attempts === 1) await new Promise(() => {});
      },
    });
    await expect.poll(() => count('waiting'), patient).toBe(0);
    expect(new Set(ids)).toEqual(new Set([messageId('operation', 'mail')]));
    expect(reasons[0]).toMatchObject({ code: 'lease-lost' });
    expect(ofType('message-failed')[0]).toMatchObject({ attempts: 1, error: { code: 'lease-lost' } });
  });

  it('ends when the running deliveries have ended, and takes no more messages', async () => {
    const [begun, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await enqueue(store, 'first', ['mail']);
    start({
      deliver: () => {
        begun.resolve();
        return finish.promise;
      },
    });
    await begun.promise;
    let isClosed = false;
    const closing = running?.close().then(() => {
      isClosed = true;
    });
    await enqueue(store, 'second', ['mail']);
    expect(isClosed).toBe(false);
    finish.resolve();
    await closing;
    expect((await store.outbox?.list({ state: 'waiting', limit: 9 }))?.messages).toMatchObject([
      { operationId: 'second' },
    ]);
  });

  it('continues when the store fails, and reports it', async () => {
    let faults = 3;
    const { outbox } = store;
    if (outbox === undefined) throw new TypeError('There is no outbox.');
    const failing = <T>(call: () => Promise<T>): Promise<T> => {
      faults -= 1;
      return faults >= 0 ? Promise.reject(new Error('no connection')) : call();
    };
    const broken = Object.assign(Object.create(outbox), {
      take: (request: Parameters<typeof outbox.take>[0]) => failing(() => outbox.take(request)),
      delivered: (id: string, token: string) => failing(() => outbox.delivered(id, token)),
    });
    await enqueue(store, 'operation', ['mail']);
    start({
      store: Object.assign(Object.create(store), { outbox: broken }),
      deliver: () => {
        if (faults < 0) faults = 2;
      },
    });
    await expect.poll(() => count('waiting'), patient).toBe(0);
    expect(new Set(ofType('store-error').map((event) => Reflect.get(event, 'during')))).toEqual(
      new Set(['take', 'delivered']),
    );
    await expect.poll(() => ofType('message-delivered').length, patient).toBe(1);
  });

  it('needs a store with an outbox, and valid options', () => {
    const deliver = () => {};
    const coded = (code: string) => expect.objectContaining({ code });
    expect(() => dispatcher({ store: memoryStore(), deliver })).toThrow(coded('outbox-unsupported'));
    const slip = { store, deliver, leaseMS: 5 };
    expect(() => dispatcher(slip)).toThrow(coded('option-unknown'));
    for (const wrong of [{ concurrency: 0 }, { leaseMs: 1 }, { maxAttempts: 0 }, { pollMs: 0.5 }])
      expect(() => dispatcher({ store, deliver, ...wrong })).toThrow(coded('option-invalid'));
    // @ts-expect-error `deliver` is missing
    expect(() => dispatcher({ store })).toThrow(coded('option-invalid'));
  });
});
