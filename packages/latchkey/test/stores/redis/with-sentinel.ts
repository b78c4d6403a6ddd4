import { type RedisSentinel, startRedisSentinel } from '../../servers/redis-sentinel.ts';

/** Runs a test on a master and synchronized replicas; the first of `servers` is the master. */
export async function withServers(replicas: number, test: (servers: RedisSentinel) => Promise<void>): Promise<void> {
  const servers = await startRedisSentinel({ replicas });
  try {
    await servers.untilInStep();
    await test(servers);
  } finally {
    await servers.stop();
  }
}
