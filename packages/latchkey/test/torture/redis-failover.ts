/**
 * Measures how many acknowledged answers a failover of Redis loses, with and without `waitReplicas`, and prints a
 * table. Run by hand; an argument is the number of failovers per row (10 unless given), of about five seconds each.
 *
 * One master, one replica, three Sentinels, 32 workers that claim and complete through ioredis, on one machine: it
 * measures the losses of Redis's replication, without those of a network.
 */

import { Redis } from 'ioredis';
import { type RedisStore, redisStore, type WaitReplicas } from '../../src/stores/redis/index.ts';
import { type RedisSentinel, startRedisSentinel } from '../servers/redis-sentinel.ts';
import { until } from '../servers/redis-server.ts';
import { lostOf } from '../stores/redis/load.ts';
import { claimOf, completionOf } from '../stores/requests.ts';

interface Row {
  readonly fault: string;
  /** How long the replica is disconnected before the master dies. */
  readonly cutMs: number;
  readonly waitReplicas?: WaitReplicas;
}

const wait: WaitReplicas = { replicas: 1, timeoutMs: 1_000 };

const faults: readonly Pick<Row, 'fault' | 'cutMs'>[] = [
  { fault: 'master killed', cutMs: 0 },
  { fault: 'replica cut off, master killed 200 ms later', cutMs: 200 },
  { fault: 'replica cut off, master killed 2 s later', cutMs: 2_000 },
];

const rows: readonly Row[] = faults.flatMap((fault) => [fault, { ...fault, waitReplicas: wait }]);

const rounds = Number(process.argv[2] ?? 10);
const loadMs = 500;
const workers = 32;

/** Sentinels that were delayed themselves do nothing for half a minute (TILT). */
const failoverMs = 90_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function failover(servers: RedisSentinel, { cutMs, waitReplicas }: Row) {
  const [master, replica] = servers.servers;
  const client = new Redis({
    name: servers.name,
    sentinels: servers.sentinels.map((address) => ({ ...address })),
    enableOfflineQueue: false,
    lazyConnect: true,
  });
  client.on('error', () => {});
  await client.connect();
  const load = startWork(redisStore({ client, ...(waitReplicas && { waitReplicas }) }));
  await pause(loadMs);
  if (cutMs > 0) await cutOff(servers);
  await pause(cutMs);
  await master?.kill();
  const acknowledged = [...load.acknowledged];
  replica?.process.kill('SIGCONT');
  await until('a failover', async () => (await servers.master()) === replica?.port, failoverMs);
  await load.end();
  client.disconnect();
  return { acknowledged: acknowledged.length, lost: (await lostOn(replica?.port ?? 0, acknowledged)).length };
}

/** Claims and completes keys, and skips those that fail. */
function startWork(store: RedisStore) {
  const acknowledged: string[] = [];
  let number = 0;
  let over = false;
  const work = async () => {
    while (!over) {
      number += 1;
      const [key, token] = [`key-${number}`, crypto.randomUUID()];
      const attempt = store.claim(claimOf(key, token)).then(() => store.complete(completionOf(key, token, key)));
      if ((await attempt.catch(() => pause(5))) === 'completed') acknowledged.push(key);
    }
  };
  const working = Promise.all(Array.from({ length: workers }, work));
  const end = async () => {
    over = true;
    await working;
  };
  return { acknowledged, end };
}

/** The replica is stopped, so that it can't reconnect; data already sent to it still arrives. */
async function cutOff({ servers: [master, replica] }: RedisSentinel): Promise<void> {
  replica?.process.kill('SIGSTOP');
  const client = new Redis({ port: master?.port ?? 0 });
  await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  client.disconnect();
}

async function lostOn(port: number, keys: readonly string[]): Promise<readonly string[]> {
  const client = new Redis({ port });
  await until('the new master', async () => (await client.call('ROLE'))?.toString().startsWith('master') === true);
  const lost = await lostOf(redisStore({ client }), keys);
  client.disconnect();
  return lost;
}

async function measure(row: Row): Promise<string> {
  let [acknowledged, lost, worst, clean] = [0, 0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const servers = await startRedisSentinel({ replicas: 1 });
    try {
      await servers.untilInStep();
      const result = await failover(servers, row);
      acknowledged += result.acknowledged;
      lost += result.lost;
      worst = Math.max(worst, result.lost);
      if (result.lost === 0) clean += 1;
    } finally {
      await servers.stop();
    }
  }
  const cells = [row.fault, row.waitReplicas ? '1' : 'none', acknowledged, lost, worst, `${clean} of ${rounds}`];
  return `| ${cells.join(' | ')} |`;
}

console.log('| fault | waitReplicas | acknowledged | lost | most in one failover | failovers without loss |');
console.log('|---|---|---|---|---|---|');
for (const row of rows) console.log(await measure(row));
process.exit(0);
