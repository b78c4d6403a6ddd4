import type { Store, Transacted, TransactionKind } from '../../src/core/store.ts';
import { callTransaction } from '../../src/testing/store-suite/transactions.ts';
import { bytesOf, claimOf } from '../stores/requests.ts';

type Done = Transacted<string>;

const done: Done = { value: '', write: { kind: 'step', name: 'enqueue', value: bytesOf('') } };

/** Adds messages in one transaction of a new operation. */
export async function enqueue<Kind extends TransactionKind>(
  store: Store<Kind>,
  operationId: string,
  names: readonly string[],
): Promise<void> {
  const token = crypto.randomUUID();
  await store.claim(claimOf(operationId, token, { operationId }));
  const request = { id: operationId, token, leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
  // A client runs one statement at a time, and a synchronous store's function must not wait.
  const addFrom = (handle: unknown, [name, ...rest]: readonly string[]): Done | Promise<Done> => {
    if (name === undefined) return done;
    const message = { operationId, operation: 'POST /orders', name, payload: bytesOf(`payload of ${name}`) };
    const adding = store.outbox?.enqueue(handle, message);
    return adding instanceof Promise ? adding.then(() => addFrom(handle, rest)) : addFrom(handle, rest);
  };
  await callTransaction(store, request, (handle) => addFrom(handle, names));
}
