/** Clients of both libraries, as they are recommended to be set. */

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../../../src/stores/redis/index.ts';

/** A client that is connected, and the way to end it. */
export interface Connected {
  readonly client: RedisClient;
  end(): Promise<void> | void;
}

export async function ioredisClient(port: number): Promise<Connected> {
  const client = new Redis({ host: '127.0.0.1', port, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.disconnect() };
}

export async function nodeRedisClient(port: number): Promise<Connected> {
  const client = createClient({ socket: { host: '127.0.0.1', port }, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  return { client, end: () => client.destroy() };
}

/** Every client that the store names, on a single server. */
export const singleClients = { ioredis: ioredisClient, 'node-redis': nodeRedisClient };
