/** Starts three masters as a cluster. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { type RedisServer, startRedis, until } from './redis-server.ts';

const run = promisify(execFile);

export interface RedisCluster {
  readonly ports: readonly number[];
  /** Runs a command of `redis-cli` on one node, and returns its output. */
  command(port: number, ...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000'];

async function startNode(): Promise<RedisServer> {
  return startRedis([...settings, '--cluster-port', String(await freePort())]);
}

async function command(port: number, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-p', String(port), ...words]);
  return stdout;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([startNode(), startNode(), startNode()]);
  const ports = nodes.map(({ port }) => port);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
  for (const port of ports)
    await until(`node ${port} of the cluster`, async () =>
      (await command(port, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  return {
    ports,
    command,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
