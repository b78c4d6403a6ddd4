import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/node.ts';
import { completer } from '../../src/completer/index.ts';
import { isOperatorStore, type OperatorStore, type Store } from '../../src/core/store.ts';

import { operator } from '../../src/operator/index.ts';
import { encryptedStore } from '../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { manualRuntime, storeSuite } from '../../src/testing/index.ts';

/** The same store without the operator's methods. */
function requestHalf(store: OperatorStore): Store {
  return {
    name: store.name,
    volatile: store.volatile,
    claim: (request) => store.claim(request),
    renew: (request) => store.renew(request),
    complete: (request) => store.complete(request),
    release: (request) => store.release(request),
    abandon: (request) => store.abandon(request),
    saveStep: (request) => store.saveStep(request),
    read: (id) => store.read(id),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

/** Bytes that encryption adds to a value; the suite's limit is for plain ones. */
const sealedExtra = 32;

const encryption = { currentKey: 'a', keys: { a: new Uint8Array(32) } };

type Wrap = (store: Store) => Store;

const wrapped: Readonly<Record<string, Wrap>> = {
  'as it is': (store) => store,
  'in an encryptedStore': (store) => encryptedStore(store, encryption),
  'in a faultyStore': (store) => faultyStore(store).store,
};

for (const [how, wrap] of Object.entries(wrapped)) {
  describe(`a store without the operator's half, ${how}`, () => {
    storeSuite({
      describe,
      it,
      capabilities: [],
      create: ({ maxResultBytes }) => {
        const runtime = manualRuntime();
        const extra = how === 'in an encryptedStore' ? sealedExtra : 0;
        const store = requestHalf(memoryStore({ runtime, maxResultBytes: maxResultBytes + extra }));
        return { store: wrap(store), advance: runtime.advance };
      },
    });

    it('is no OperatorStore', () => {
      expect(isOperatorStore(wrap(memoryStore()))).toBe(true);
      expect(isOperatorStore(wrap(requestHalf(memoryStore())))).toBe(false);
    });
  });
}

describe("a store without the operator's half", () => {
  const store = requestHalf(memoryStore());
  const lacks = (where: string) =>
    expect.objectContaining({
      code: 'option-invalid',
      message: expect.stringContaining(
        `${where}: store must be an OperatorStore, with list, resolve, erase, sweep; this one lacks list, resolve, erase, sweep.`,
      ),
    });

  it('is enough for a guard', () => {
    expect(() => idempotency({ store, principal: () => 'tenant-7' })).not.toThrow();
  });

  it('is refused by an operator, which names the missing methods', () => {
    // @ts-expect-error an operator takes an OperatorStore
    expect(() => operator({ store })).toThrow(lacks('operator()'));
  });

  it('is refused by a completer, which names the missing methods', () => {
    // @ts-expect-error a completer takes an OperatorStore
    expect(() => completer({ store, operations: [] })).toThrow(lacks('completer()'));
  });

  it('is refused with one method that is missing', () => {
    const { list, resolve, erase } = memoryStore();
    // @ts-expect-error an operator takes an OperatorStore
    expect(() => operator({ store: { ...store, list, resolve, erase } })).toThrow(/this one lacks sweep\./);
  });
});
