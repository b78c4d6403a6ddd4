/** Direct writes to the store by a worker that may have lost its record. */

import type { Owner, TransactionKind, TransactionMethod } from '../../../src/core/store.ts';
import type { OpenedStore } from './opened-store.ts';

const minute = 60_000;
const bytes = new TextEncoder().encode('a zombie’s');

/** Tries every write of an owner, the final one last. */
export async function writeAsOwner({ store, write }: OpenedStore, owner: Owner, effect: string): Promise<void> {
  const lease = { ...owner, leaseMs: minute, unresolvedRetentionMs: minute };
  await store.renew(lease);
  await store.saveStep({ ...owner, name: 'zombie', value: bytes });
  const transaction = store.transaction as TransactionMethod<TransactionKind> | undefined;
  await transaction?.call(store, lease, (handle) => {
    const made = { value: undefined, write: { kind: 'step' as const, name: 'zombie', value: bytes } };
    const writing = write?.(handle, effect);
    return writing instanceof Promise ? writing.then(() => made) : made;
  });
  await store.abandon({ ...owner, unresolvedRetentionMs: minute });
  await store.release({ ...owner, retentionMs: minute });
  await store.complete({ ...owner, result: { kind: 'value', bytes }, tombstone: bytes, retentionMs: minute });
}
