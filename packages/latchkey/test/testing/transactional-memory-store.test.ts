import { describe, expect, it } from 'vitest';
import {
  type MemoryTransactions,
  manualRuntime,
  storeSuite,
  transactionalMemoryStore,
} from '../../src/testing/index.ts';
import { claimOf } from '../stores/requests.ts';

storeSuite<MemoryTransactions<{ texts: string[] }>>({
  describe,
  it,
  capabilities: ['operator', 'watch', 'transaction'],
  create: ({ maxResultBytes }) => {
    const runtime = manualRuntime();
    const data = { texts: [] as string[] };
    return {
      store: transactionalMemoryStore(data, { runtime, maxResultBytes }),
      advance: runtime.advance,
      transactions: { write: (handle, text) => void handle.texts.push(text), written: () => data.texts },
    };
  },
});

describe('the data of a transactional memory store', () => {
  const owner = { id: 'x', token: 'a', leaseMs: 1_000, unresolvedRetentionMs: 1_000 };
  const write = { kind: 'step', name: 'order', value: new Uint8Array() } as const;

  it('is changed at the commit: members are added, replaced and removed', async () => {
    const data: Record<string, unknown> = { orders: ['lamp'], draft: 'sofa' };
    const store = transactionalMemoryStore(data);
    await store.claim(claimOf('x', 'a'));
    await store.transaction?.(owner, async (copy) => {
      copy['orders'] = ['lamp', copy['draft']];
      copy['count'] = 2;
      delete copy['draft'];
      await new Promise(setImmediate);
      expect(data).toEqual({ orders: ['lamp'], draft: 'sofa' });
      return { value: undefined, write };
    });
    expect(data).toEqual({ orders: ['lamp', 'sofa'], count: 2 });
  });

  it('is changed by one transaction after another', async () => {
    const data = { count: 0 };
    const store = transactionalMemoryStore(data);
    const ids = ['x', 'y', 'z'];
    for (const id of ids) await store.claim(claimOf(id, 'a'));
    const add = (id: string) =>
      store.transaction?.({ ...owner, id }, async (copy) => {
        const { count } = copy;
        await new Promise(setImmediate);
        copy.count = count + 1;
        return { value: undefined, write };
      });
    await Promise.all(ids.map(add));
    expect(data.count).toBe(3);
  });

  it('must be plain data', () => {
    expect(() => transactionalMemoryStore({ now: () => 1 })).toThrow(/could not be cloned/);
  });
});
