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

import { checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store, TransactionKind } from '../../core/store.ts';
import { CachedStore } from './cached-store.ts';

/** The bounds of a {@link cachedStore}. */
export interface CacheOptions {
  /** How many bytes the answers may take in memory, about 512 for each included. Default 16 MiB. */
  readonly maxBytes?: number;
  /**
   * How long an answer is served from memory, in milliseconds; never past its retention. For so long it may also
   * outlive an `erase` of another process. Default 10,000.
   */
  readonly maxAgeMs?: number;
  /** The clock. */
  readonly runtime?: Runtime;
}

const longestAgeMs = 3_600_000;

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
  checkOptionNames('cachedStore', options, ['maxBytes', 'maxAgeMs', 'runtime']);
  const { maxBytes = 2 ** 24, maxAgeMs = 10_000, runtime = systemRuntime } = options;
  checkWholeNumber('cachedStore', 'maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
  checkWholeNumber('cachedStore', 'maxAgeMs', maxAgeMs, 1, longestAgeMs);
  // The wrapper hands transactions through as they are.
  const parts = { store: store as Store<TransactionKind>, maxBytes, maxAgeMs, clock: runtime.clock };
  return new CachedStore(parts) as Store<TransactionKind> as Store<Kind>;
}
