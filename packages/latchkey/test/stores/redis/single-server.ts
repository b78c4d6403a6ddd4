import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import type { Connected } from './clients.ts';
import { operator } from './time-travel.ts';

/** A server, emptied before each test, with a store's client and a separate connection for the tests. */
export interface SingleServer {
  readonly own: Redis;
  readonly connected: Connected;
}

/** For the tests of the describe block that calls it. */
export function singleServer(connect: (port: number) => Promise<Connected>): SingleServer {
  let server: RedisServer;
  let own: Redis;
  let connected: Connected;

  beforeAll(async () => {
    server = await startRedis();
    own = operator(server.port);
    connected = await connect(server.port);
  });

  beforeEach(() => own.flushall());

  afterAll(async () => {
    await connected.end();
    own.disconnect();
    await server.stop();
  });

  return {
    get own() {
      return own;
    },
    get connected() {
      return connected;
    },
  };
}
