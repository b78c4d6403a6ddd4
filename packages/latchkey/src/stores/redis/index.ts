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

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import { wireOf } from './clients/recognize.ts';
import type { DoctorOptions, RedisFinding } from './doctor.ts';
import { type RedisStoreOptions, redisTable } from './options.ts';
import { ScriptedStore } from './redis-store.ts';

export type {
  IoredisClient,
  IoredisCluster,
  IoredisCommands,
  IoredisNode,
  IoredisOptions,
  IoredisPipeline,
  IoredisResults,
  IoredisSubscriber,
} from './clients/ioredis.ts';
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisMaster,
  NodeRedisSentinel,
  NodeRedisSubscriber,
  NodeRedisSubscriptions,
} from './clients/node-redis.ts';
export type { RedisClient } from './clients/recognize.ts';
export type { Argument as RedisArgument } from './clients/wire.ts';
export type { DoctorOptions, RedisFinding, RedisFindingCode } from './doctor.ts';
export type { RedisStoreOptions } from './options.ts';
export type { WaitReplicas } from './replicas.ts';

/** A store in Redis. */
export interface RedisStore extends OperatorStore {
  /**
   * Reads the server's settings and reports what may lose records, by code.
   *
   * @throws LatchkeyError `store-unavailable` if a server does not answer.
   * @example
   * ```ts
   * for (const { code, message } of await store.doctor()) console.warn(code, message)
   * ```
   */
  doctor(options?: DoctorOptions): Promise<readonly RedisFinding[]>;
}

/**
 * Creates a store in Redis. Each call is one atomic command and one round trip; a claim that finds an unfinished
 * record needs a second one. Each record is one key, so a cluster needs no hash tags. Redis removes expired records
 * itself.
 *
 * With full memory and `maxmemory-policy noeviction`, replays continue, new claims are refused with
 * `store-unavailable`, and a result without room leaves a tombstone.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const store = redisStore({ client: createClient({ url, disableOfflineQueue: true }), prefix: 'shop:' })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId })
 * ```
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const { client, ...settings } = readOptions('redisStore', redisTable, options);
  return new ScriptedStore({ wire: wireOf(client), ...settings });
}
