import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/fetch.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import {
  type MemoryTransactions,
  manualRuntime,
  storeSuite,
  type TestStore,
  testStore,
  transactionalMemoryStore,
} from '../../src/testing/index.ts';

describe('a test store without crashes', () => {
  storeSuite<MemoryTransactions<{ texts: string[] }>>({
    describe,
    it,
    capabilities: ['operator', 'watch', 'transaction'],
    create: ({ maxResultBytes }) => {
      const runtime = manualRuntime();
      const data = { texts: [] as string[] };
      return {
        store: testStore(transactionalMemoryStore(data, { runtime, maxResultBytes })),
        advance: runtime.advance,
        transactions: { write: (handle, text) => void handle.texts.push(text), written: () => data.texts },
      };
    },
  });

  it('has the name and the members of the store that it wraps', () => {
    expect(testStore()).toMatchObject({ name: 'memory', volatile: true });
    expect(testStore()).not.toHaveProperty('transaction');
    expect(testStore(Object.assign(memoryStore(), { sealed: true })).sealed).toBe(true);
  });

  it('refuses what is not a store', () => {
    expect(() => testStore({} as TestStore)).toThrow('testStore: store must be an OperatorStore');
  });
});

/** An application with two steps, and what its handler and its steps did. */
function shop(store: TestStore, afterFailure: 'refuse' | 'rerun' = 'rerun') {
  const done: string[] = [];
  const guard = idempotency({ store, principal: () => 'tenant', afterFailure, log: false });
  const handler = guard.withContext(async (context, _request: Request) => {
    done.push(`attempt ${context.attempt}`);
    try {
      await context.step('charge', () => void done.push('charge'));
      await context.step('mail', () => void done.push('mail'));
    } catch (error) {
      done.push(String(Reflect.get(Object(error), 'code')));
      throw error;
    }
    return new Response('done');
  });
  const send = (key = 'order-1') =>
    handler(new Request('http://localhost/', { method: 'POST', headers: { 'Idempotency-Key': key } }));
  return { done, send };
}

const statusOf = (response: Response) => response.headers.get('idempotency-status');

describe('a crash after a step', () => {
  it('stops the handler there, and the retry resumes after it', async () => {
    const store = testStore();
    const { done, send } = shop(store);
    const crashed = store.crashAfter('charge');
    const lost = send();
    await crashed;
    expect(done).toEqual(['attempt 1', 'charge']);
    expect((await store.list({ state: 'lapsed', limit: 10 })).records).toHaveLength(1);
    expect(statusOf(await send())).toBe('executed');
    expect(done).toEqual(['attempt 1', 'charge', 'attempt 2', 'mail']);
    await store.wakeCrashed();
    expect((await lost).status).toBe(500);
    expect(done.slice(4)).toEqual(['lease-lost']);
    expect(statusOf(await send())).toBe('replayed');
  });

  it('leaves the outcome unknown under refuse, and the woken worker changes nothing', async () => {
    const store = testStore();
    const { send } = shop(store, 'refuse');
    const crashed = store.crashAfter('charge');
    const lost = send();
    await crashed;
    expect(statusOf(await send())).toBe('outcome-unknown;final=?0');
    await store.wakeCrashed();
    await lost;
    expect(statusOf(await send())).toBe('outcome-unknown;final=?0');
  });

  it('crashes one worker, not the next one', async () => {
    const store = testStore();
    const { send } = shop(store);
    const crashed = store.crashAfter('charge');
    const lost = send('order-1');
    await crashed;
    expect(statusOf(await send('order-2'))).toBe('executed');
    await store.wakeCrashed();
    await lost;
  });

  it('stops concurrent steps of the same worker too', async () => {
    const store = testStore();
    const guard = idempotency({ store, principal: () => 'tenant', log: false });
    const errors: unknown[] = [];
    const handler = guard.withContext(async (context, _request: Request) => {
      const steps = ['a', 'b', 'c'].map((name) =>
        context.step(name, () => name).catch((error) => errors.push(error.code)),
      );
      await Promise.all(steps);
      return new Response('done');
    });
    const crashed = store.crashAfter('b');
    const lost = handler(
      new Request('http://localhost/', { method: 'POST', headers: { 'Idempotency-Key': 'order-1' } }),
    );
    await crashed;
    const [record] = (await store.list({ state: 'lapsed', limit: 10 })).records;
    expect([...(record?.steps.keys() ?? [])]).toContain('b');
    await store.wakeCrashed();
    await lost;
    expect(errors).toContain('lease-lost');
  });

  it('comes after the commit of a transaction', async () => {
    const data = { orders: [] as string[] };
    const store = testStore(transactionalMemoryStore(data));
    const guard = idempotency({ store, principal: () => 'tenant', afterFailure: 'rerun', log: false });
    const handler = guard.withContext(async (context, _request: Request) => {
      await context.transaction('order', (db) => void db.orders.push('lamp'));
      return new Response('done');
    });
    const send = () =>
      handler(new Request('http://localhost/', { method: 'POST', headers: { 'Idempotency-Key': 'k-1' } }));
    const crashed = store.crashAfter('order');
    const lost = send();
    await crashed;
    expect(data.orders).toEqual(['lamp']);
    expect(await (await send()).text()).toBe('done');
    expect(data.orders).toEqual(['lamp']);
    await store.close();
    await lost;
  });
});

describe('an expired lease', () => {
  it('lets the retry take over, and the first worker stops at its next step', async () => {
    const store = testStore();
    const done: string[] = [];
    let proceed = () => {};
    const guard = idempotency({ store, principal: () => 'tenant', afterFailure: 'rerun', log: false });
    const handler = guard.withContext(async (context, _request: Request) => {
      if (context.attempt === 1) await new Promise<void>((resolve) => (proceed = resolve));
      await context.step('charge', () => 1);
      done.push(`attempt ${context.attempt}`);
      return new Response('done');
    });
    const send = () =>
      handler(new Request('http://localhost/', { method: 'POST', headers: { 'Idempotency-Key': 'k-1' } }));
    expect(await store.expireLease()).toBe(0);
    const hung = send();
    await expect.poll(() => store.expireLease()).toBe(1);
    expect(statusOf(await send())).toBe('executed');
    proceed();
    expect((await hung).status).toBe(500);
    expect(done).toEqual(['attempt 2']);
    expect(await store.expireLease()).toBe(0);
  });
});
