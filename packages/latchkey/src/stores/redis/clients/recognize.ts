/**
 * Recognizes the clients by their methods.
 *
 * @module
 */

import { LatchkeyError } from '../../../core/errors.ts';
import { type IoredisClient, type IoredisCluster, ioredisWire } from './ioredis.ts';
import {
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  nodeRedisClusterWire,
  nodeRedisSentinelWire,
  nodeRedisWire,
} from './node-redis.ts';
import type { Wire } from './wire.ts';

/** A client of `ioredis` or `redis` (node-redis), for a single server, a cluster, or servers behind Sentinel. */
export type RedisClient = IoredisClient | IoredisCluster | NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

function can(client: unknown, ...methods: readonly string[]): boolean {
  if (typeof client !== 'object' || client === null) return false;
  return methods.every((method) => typeof Reflect.get(client, method) === 'function');
}

function isIoredis(client: unknown): client is IoredisClient | IoredisCluster {
  return can(client, 'evalshaBuffer', 'evalBuffer', 'call', 'duplicate');
}

function isNodeRedisCluster(client: unknown): client is NodeRedisCluster {
  return can(client, 'sendCommand', 'nodeClient', 'subscribe', 'unsubscribe');
}

function isNodeRedisSentinel(client: unknown): client is NodeRedisSentinel {
  return can(client, 'sendCommand', 'getMasterNode', 'subscribe', 'unsubscribe');
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  const isRelease4 = can(client, 'executeIsolated');
  return can(client, 'sendCommand', 'duplicate', 'subscribe', 'unsubscribe', isRelease4 ? 'on' : 'withTypeMapping');
}

/** Whether a value is a client that the store can use. */
export function isRedisClient(value: unknown): value is RedisClient {
  return isIoredis(value) || isNodeRedisCluster(value) || isNodeRedisSentinel(value) || isNodeRedis(value);
}

/**
 * The wire of a client.
 *
 * @throws LatchkeyError `option-invalid` if the client uses callbacks or has a key prefix.
 */
export function wireOf(client: RedisClient): Wire {
  if (optionOf(client, 'legacyMode') === true)
    throw new LatchkeyError(
      'option-invalid',
      'redisStore: client must not be in legacyMode. Use client.v4 or a client without legacyMode.',
    );
  if (hasKeyPrefix(client))
    throw new LatchkeyError(
      'option-invalid',
      "redisStore: client must not have a keyPrefix. Set the store's prefix instead.",
    );
  if (isIoredis(client)) return ioredisWire(client);
  if (isNodeRedisCluster(client)) return nodeRedisClusterWire(client);
  return isNodeRedisSentinel(client) ? nodeRedisSentinelWire(client) : nodeRedisWire(client);
}

/** node-redis ignores the prefix in raw commands, and ioredis does not add it to a scan's pattern. */
function hasKeyPrefix(client: RedisClient): boolean {
  return Boolean(optionOf(client, 'keyPrefix')) || Boolean(Reflect.get(client, '_keyPrefix'));
}

function optionOf(client: RedisClient, name: string): unknown {
  const options: unknown = Reflect.get(client, 'options');
  return typeof options === 'object' && options !== null ? Reflect.get(options, name) : undefined;
}
