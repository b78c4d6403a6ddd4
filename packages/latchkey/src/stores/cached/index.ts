/**
 * A bounded cache of completed answers in front of any store: a process answers replays of what it completed itself
 * without asking the store.
 *
 * @example
 * ```ts
 * import { cachedStore } from 'latchkey/cached'
 * const store = cachedStore(redisStore({ client }), { maxAgeMs: 5_000 })
 * const guard = idempotency({ store, principal })
 * ```
 * @module
 */

import { readOptions } from '../../core/options/read-options.ts';
import type { Store, TransactionKind } from '../../core/store.ts';
import { CachedStore } from './cached-store.ts';
import { type CacheOptions, cacheTable } from './options.ts';

export type { CacheOptions } from './options.ts';

/**
 * Wraps a store so that answers which this process completed are replayed from memory, also while the store is away.
 * Everything else goes to the store, and all that a replay is checked for stays as it is. Call `erase` and `resolve`
 * on the wrapper: it forgets its answers then.
 *
 * Around an `encryptedStore` the answers are plain in memory; inside it they are sealed there too. What
 * `context.finish` committed is always read from the store.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const store = cachedStore(postgresStore({ client: pool }), { maxBytes: 64 * 2 ** 20 })
 * ```
 */
export function cachedStore<Kind extends TransactionKind = never>(
  store: Store<Kind>,
  options: CacheOptions = {},
): Store<Kind> {
  const { maxBytes, maxAgeMs, runtime } = readOptions('cachedStore', cacheTable, options);
  // The wrapper hands transactions through as they are.
  const parts = { store: store as Store<TransactionKind>, maxBytes, maxAgeMs, clock: runtime.clock };
  return new CachedStore(parts) as Store<TransactionKind> as Store<Kind>;
}
