import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { storeSuite } from '../../../src/testing/index.ts';
import type { Connected } from './clients.ts';
import { advance, operator } from './time-travel.ts';

/** Servers that the suite runs on; `ports` are those of all masters. */
interface Servers {
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Runs the store suite through every client, on servers that are started once. */
export function suitesOn<S extends Servers>(
  name: string,
  start: () => Promise<S>,
  clients: Readonly<Record<string, (servers: S) => Promise<Connected>>>,
): void {
  describe(`redis store on ${name}`, () => {
    let servers: S;
    let clocks: Redis[];

    beforeAll(async () => {
      servers = await start();
      clocks = servers.ports.map(operator);
    });

    afterAll(async () => {
      for (const clock of clocks) clock.disconnect();
      await servers.stop();
    });

    for (const [client, connect] of Object.entries(clients))
      describe(`through ${client}`, () =>
        suiteOf(
          () => connect(servers),
          (prefix, ms) => advance(clocks, prefix, ms),
        ));
  });
}

function suiteOf(
  connect: () => Promise<Connected>,
  advanceUnder: (pattern: string, ms: number) => Promise<void>,
): void {
  let connected: Connected;

  beforeAll(async () => {
    connected = await connect();
  });

  afterAll(() => connected.end());

  storeSuite({
    describe,
    it,
    capabilities: ['operator', 'watch'],
    create: ({ maxResultBytes }) => {
      const mark = crypto.randomUUID();
      return {
        // The server treats these characters as a pattern, unless the store escapes them.
        store: redisStore({ client: connected.client, prefix: `?*[${mark}]\\:`, maxResultBytes }),
        advance: (ms) => advanceUnder(`*${mark}`, ms),
      };
    },
  });
}
