/** Clients of both libraries with the recommended settings. */

import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { createClient, createCluster, createSentinel, type RedisClientOptions } from 'redis';
import { createClient as createClient4, createCluster as createCluster4 } from 'redis4';
import { createClient as createClient5, createCluster as createCluster5 } from 'redis5';
import type { RedisClient } from '../../../src/stores/redis/index.ts';
import type { RedisSentinel } from '../../servers/redis-sentinel.ts';

/** A connected client, and how to close it. */
export interface Connected {
  readonly client: RedisClient;
  end(): Promise<void> | void;
}

async function ioredisClient(port: number, options: { stringNumbers?: true } = {}): Promise<Connected> {
  const client = new Redis({ host: '127.0.0.1', port, enableOfflineQueue: false, lazyConnect: true, ...options });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

async function nodeRedisClient(port: number, options: RedisClientOptions = {}): Promise<Connected> {
  const client = createClient({ socket: { host: '127.0.0.1', port }, disableOfflineQueue: true, ...options });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.destroy() };
}

async function ioredis5Client(port: number): Promise<Connected> {
  const client = new Redis5({ host: '127.0.0.1', port, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

async function nodeRedis5Client(port: number): Promise<Connected> {
  const client = createClient5({ socket: { host: '127.0.0.1', port }, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.destroy() };
}

async function nodeRedis4Client(port: number): Promise<Connected> {
  const client = createClient4({ socket: { host: '127.0.0.1', port }, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

/** The ports of a cluster's masters. */
interface Masters {
  readonly ports: readonly number[];
}

async function ioredisCluster({ ports }: Masters): Promise<Connected> {
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
  const client = new Cluster(nodes, { enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

async function nodeRedisCluster({ ports }: Masters): Promise<Connected> {
  const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  const client = createCluster({ rootNodes, defaults: { disableOfflineQueue: true } });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.destroy() };
}

async function ioredis5Cluster({ ports }: Masters): Promise<Connected> {
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
  const client = new Cluster5(nodes, { enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

async function nodeRedis5Cluster({ ports }: Masters): Promise<Connected> {
  const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  const client = createCluster5({ rootNodes, defaults: { disableOfflineQueue: true } });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.destroy() };
}

async function nodeRedis4Cluster({ ports }: Masters): Promise<Connected> {
  const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
  const client = createCluster4({ rootNodes, defaults: { disableOfflineQueue: true } });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

async function ioredisSentinel({ name, sentinels }: RedisSentinel): Promise<Connected> {
  const addresses = sentinels.map((address) => ({ ...address }));
  const client = new Redis({ name, sentinels: addresses, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

async function nodeRedisSentinel({ name, sentinels }: RedisSentinel): Promise<Connected> {
  const sentinelRootNodes = sentinels.map((address) => ({ ...address }));
  const nodeClientOptions = { disableOfflineQueue: true };
  const client = createSentinel({ name, sentinelRootNodes, nodeClientOptions, scanInterval: 200 });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.destroy() };
}

/** Every supported client, on a single server. */
export const singleClients = { ioredis: ioredisClient, 'node-redis': nodeRedisClient };

/** The same of older releases. */
export const olderClients = {
  'ioredis 5': ioredis5Client,
  'node-redis 5': nodeRedis5Client,
  'node-redis 4': nodeRedis4Client,
};

/** The same of older releases, on a cluster. */
export const olderClusterClients = {
  'ioredis 5': ioredis5Cluster,
  'node-redis 5': nodeRedis5Cluster,
  'node-redis 4': nodeRedis4Cluster,
};

/** Clients with other types of replies. */
export const clientsWithOtherReplies = {
  'ioredis with stringNumbers': (port: number) => ioredisClient(port, { stringNumbers: true }),
  'node-redis with bytes for strings and strings for numbers': (port: number) =>
    nodeRedisClient(port, { commandOptions: { typeMapping: { 36: Buffer, 43: Buffer, 58: String } } }),
};

/** Every supported client, on a cluster. */
export const clusterClients = { ioredis: ioredisCluster, 'node-redis': nodeRedisCluster };

/** Every supported client, with Sentinel. */
export const sentinelClients = { ioredis: ioredisSentinel, 'node-redis': nodeRedisSentinel };
