/**
 * A memory store with transactions, for tests of handlers that use `context.transaction` and `context.finish`.
 *
 * @module
 */

import type {
  OperatorStore,
  RenewRequest,
  TransactionKind,
  TransactionMethod,
  TransactionWrite,
} from '../core/store.ts';
import { memoryStore } from '../stores/memory/index.ts';
import type { MemoryStoreOptions } from '../stores/memory/options.ts';

/** The transactions of a {@link transactionalMemoryStore}: their handle is a copy of the data, which they may change. */
export interface MemoryTransactions<Data extends object> extends TransactionKind {
  readonly handle: Data;
  readonly mode: 'async';
}

/**
 * Creates a memory store whose transactions change an object of yours. A transaction's function gets a copy of `data`;
 * at the commit, the members of the copy replace those of `data`, and the step or the answer is saved. If the function
 * throws, or its worker has lost the record, `data` stays as it was. Transactions run one after another. Read `data`
 * through the object that you passed: its members are replaced. There is no outbox.
 *
 * @param data - plain data, as `structuredClone` copies it.
 * @throws DataCloneError if `data` can't be copied. LatchkeyError, as `memoryStore`.
 * @example
 * ```ts
 * const database = { orders: [] as Order[] }
 * const store = testStore(transactionalMemoryStore(database))
 * // in the handler:
 * await context.finish((db) => {
 *   db.orders.push(order)
 *   return { status: 201, body: order }
 * })
 * ```
 */
export function transactionalMemoryStore<Data extends object>(
  data: Data,
  options?: MemoryStoreOptions,
): OperatorStore<MemoryTransactions<Data>> {
  structuredClone(data);
  const store = memoryStore(options);
  let last: Promise<unknown> = Promise.resolve();
  const transaction: TransactionMethod<MemoryTransactions<Data>> = (request, body) => {
    const run = async () => {
      if (!(await store.renew(request))) return { outcome: 'lost' } as const;
      const copy = structuredClone(data);
      const { value, write } = await body(copy);
      if (!(await save(store, request, write))) return { outcome: 'lost' } as const;
      for (const name of Object.keys(data)) Reflect.deleteProperty(data, name);
      Object.assign(data, copy);
      return { outcome: 'committed', value } as const;
    };
    const turn = last.then(run);
    last = turn.catch(() => undefined);
    return turn;
  };
  return Object.assign(store, { transaction }) as object as OperatorStore<MemoryTransactions<Data>>;
}

/** Returns whether the caller still owned the record. */
async function save(store: OperatorStore, { id, token }: RenewRequest, write: TransactionWrite): Promise<boolean> {
  if (write.kind === 'step') return store.saveStep({ id, token, name: write.name, value: write.value });
  const { result, tombstone, retentionMs } = write;
  return (await store.complete({ id, token, result, tombstone, retentionMs })) !== 'lost';
}
