/** Starts a master, replicas of it, and three Sentinels that watch them. */

import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis, until } from './redis-server.ts';

export interface RedisSentinel {
  /** The master's name in the Sentinels. */
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly servers: readonly RedisServer[];
  /** The master's port according to the first Sentinel. */
  master(): Promise<number>;
  /** Waits until every replica has all data of the master. */
  untilInStep(): Promise<void>;
  stop(): Promise<void>;
}

const name = 'latchkey';
const quorum = 2;
const host = '127.0.0.1';

interface Settings {
  readonly replicas?: number;
  readonly settings?: readonly string[];
  /** Time without an answer after which a server counts as down. */
  readonly downAfterMs?: number;
}

/** Sentinels need a writable configuration file. */
async function startSentinel(masterPort: number, downAfterMs: number): Promise<Pick<RedisServer, 'port' | 'stop'>> {
  const file = join(tmpdir(), `latchkey-sentinel-${crypto.randomUUID()}.conf`);
  const lines = [
    `sentinel monitor ${name} ${host} ${masterPort} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 2000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const server = await startRedis([], [file, '--sentinel']);
  const stop = async () => {
    await server.stop();
    await rm(file);
  };
  return { port: server.port, stop };
}

function fieldsOf(reply: unknown): Map<string, string> {
  const list: readonly unknown[] = Array.isArray(reply) ? reply : [];
  return new Map(list.flatMap((key, index) => (index % 2 === 0 ? [[String(key), String(list[index + 1])]] : [])));
}

async function sees(sentinel: Redis, replicas: number): Promise<boolean> {
  const fields = fieldsOf(await sentinel.call('SENTINEL', 'MASTER', name));
  return fields.get('num-slaves') === String(replicas) && fields.get('num-other-sentinels') === '2';
}

export async function startRedisSentinel({
  replicas = 1,
  settings = [],
  downAfterMs = 500,
}: Settings = {}): Promise<RedisSentinel> {
  const fast = ['--repl-diskless-sync-delay', '0', ...settings];
  const first = await startRedis(fast);
  const following = [...fast, '--replicaof', `${host} ${first.port}`];
  const servers = [first, ...(await Promise.all(Array.from({ length: replicas }, () => startRedis(following))))];
  const watching = await Promise.all([1, 2, 3].map(() => startSentinel(first.port, downAfterMs)));
  const clients = watching.map(({ port }) => new Redis({ host, port }));
  for (const client of clients) {
    client.on('error', () => {});
    await until('the Sentinels to know everybody', () => sees(client, replicas));
  }
  const master = async () => {
    const reply = await clients[0]?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
    return Number(Array.isArray(reply) ? reply[1] : undefined);
  };
  return {
    name,
    sentinels: watching.map(({ port }) => ({ host, port })),
    servers,
    master,
    untilInStep: () => untilInStep(master, replicas),
    stop: async () => {
      for (const client of clients) client.disconnect();
      await Promise.all([...watching, ...servers].map((server) => server.stop()));
    },
  };
}

async function untilInStep(master: () => Promise<number>, replicas: number): Promise<void> {
  await until('the replicas to be in step', async () => {
    const client = new Redis({ host, port: await master() });
    client.on('error', () => {});
    try {
      await client.set('in-step', '1');
      return (await client.wait(replicas, 200)) === replicas;
    } finally {
      client.disconnect();
    }
  });
}
