/**
 * A store in Redis 7: a single server, servers behind Sentinel, or a cluster. Works with `ioredis` and
 * with `redis` (node-redis).
 *
 * @example
 * ```ts
 * import { Redis } from 'ioredis'
 * import { redisStore } from 'latchkey/redis'
 * const store = redisStore({ client: new Redis({ enableOfflineQueue: false }) })
 * ```
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import { type RedisClient, wireOf } from './clients/recognize.ts';
import type { DoctorOptions, RedisFinding } from './doctor.ts';
import { ScriptedStore } from './redis-store.ts';
import type { WaitReplicas } from './replicas.ts';

export type { RedisClient } from './clients/recognize.ts';
export type { DoctorOptions, RedisFinding, RedisFindingCode } from './doctor.ts';
export type { WaitReplicas } from './replicas.ts';

/** The settings of a {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * A client of yours; it stays open when the store closes. It must not put a prefix of its own before keys. Turn its
   * offline queue off, so that a request learns at once that Redis is away.
   */
  readonly client: RedisClient;
  /** Before the id of every record, as its key; nothing else may be kept under it. Default `'latchkey:'`. */
  readonly prefix?: string;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /**
   * Makes a claim and a completion wait until so many replicas have it (WAIT). With too few in time, the claim is given
   * back and the request refused as `store-unavailable`; a completion is tried again. WAIT holds up whatever else is
   * sent on the same connection, so give the store a client of its own. Behind Sentinel, node-redis must keep to one
   * connection (`masterPoolSize: 1`, its default).
   */
  readonly waitReplicas?: WaitReplicas;
  /** How long reading, listing, resolving, erasing, `ping` and `doctor` wait for an answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Clocks, timers and randomness. Leases and retention go by the server's clock. */
  readonly runtime?: Runtime;
}

/** A store in Redis. */
export interface RedisStore extends Store {
  /**
   * Reads the server's settings and says by name what may lose records.
   *
   * @throws LatchkeyError `store-unavailable` if a server does not answer.
   * @example
   * ```ts
   * for (const { code, message } of await store.doctor()) console.warn(code, message)
   * ```
   */
  doctor(options?: DoctorOptions): Promise<readonly RedisFinding[]>;
}

const optionNames = ['client', 'prefix', 'maxResultBytes', 'waitReplicas', 'timeoutMs', 'runtime'] as const;
const longestTimerMs = 2 ** 31 - 1;

/**
 * Makes a store in Redis. Each call is one command and one round trip, and atomic; a claim that finds an unfinished record
 * takes a second one. Each record is one key, so a cluster needs no hash tags. Redis removes what expired.
 *
 * With memory full and `maxmemory-policy noeviction`, replays go on, new claims are refused as `store-unavailable`,
 * and a result that finds no room leaves its tombstone.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const store = redisStore({ client: createClient({ url, disableOfflineQueue: true }), prefix: 'shop:' })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId })
 * ```
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  checkOptionNames('redisStore', options, optionNames);
  const { client, prefix = 'latchkey:', maxResultBytes = 2 ** 24, waitReplicas, timeoutMs = 10_000 } = options;
  checkWholeNumber('redisStore', 'maxResultBytes', maxResultBytes, 1, 2 ** 29 - 2 ** 20);
  checkWholeNumber('redisStore', 'timeoutMs', timeoutMs, 1, longestTimerMs);
  if (typeof prefix !== 'string' || prefix === '' || /[{}]/.test(prefix))
    throw new LatchkeyError('option-invalid', 'redisStore: prefix must be a text without braces, and not empty.');
  if (waitReplicas !== undefined) checkWaitReplicas(waitReplicas);
  const runtime = options.runtime ?? systemRuntime;
  return new ScriptedStore({ wire: wireOf(client), prefix, maxResultBytes, waitReplicas, timeoutMs, runtime });
}

function checkWaitReplicas(wanted: WaitReplicas): void {
  checkOptionNames('redisStore: waitReplicas', wanted, ['replicas', 'timeoutMs']);
  checkWholeNumber('redisStore: waitReplicas', 'replicas', wanted.replicas, 1, 1_000);
  checkWholeNumber('redisStore: waitReplicas', 'timeoutMs', wanted.timeoutMs, 1, longestTimerMs);
}
