import { type RedisSentinel, startRedisSentinel } from '../../servers/redis-sentinel.ts';
import { isSelected } from '../../servers/selected.ts';
import { sentinelClients } from './clients.ts';
import { suitesOn } from './suites.ts';

async function start(): Promise<RedisSentinel & { readonly ports: readonly number[] }> {
  const servers = await startRedisSentinel();
  return { ...servers, ports: [await servers.master()] };
}

if (isSelected('redis')) suitesOn('servers behind Sentinel', start, sentinelClients);
