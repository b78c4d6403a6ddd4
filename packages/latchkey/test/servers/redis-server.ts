/** Starts Debian's redis-server on a free loopback port in a new folder, and stops it by its process id. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { patience } from './patience.ts';

export interface RedisServer {
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends the process at once, as a power cut ends it. Its folder stays. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const deadlineMs = 20_000;

/**
 * Waits for a condition for at most some seconds. @param what - for the error message.
 */
export async function until(what: string, isSo: () => Promise<boolean>, limitMs = deadlineMs): Promise<void> {
  const giveUpAt = Date.now() + patience(limitMs);
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > giveUpAt) throw new Error(`Timed out waiting for: ${what}`);
    await pause(20);
  }
}

async function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [reply] = await once(socket, 'data');
    return /^(\+PONG|-NOAUTH)/.test(String(reply));
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function untilUp(port: number, server: ChildProcess, log: string): Promise<void> {
  let failed: unknown;
  server.on('error', (error) => {
    failed = error;
  });
  await until(`redis-server on port ${port}`, async () => {
    if (failed === undefined && server.exitCode === null) return answersPing(port);
    return true;
  });
  if (Reflect.get(Object(failed), 'code') === 'ENOENT')
    throw new Error('redis-server is missing; install the Debian package redis-server.');
  if (failed !== undefined || server.exitCode !== null)
    throw new Error(`redis-server did not start: ${existsSync(log) ? readFileSync(log, 'utf8') : String(failed)}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill('SIGKILL');
  await exit;
}

/**
 * @param settings - further settings, as on redis-server's command line: `['--appendonly', 'yes']`.
 * @param first - the argument before all settings: a configuration file.
 * @param env - additional environment variables.
 */
export async function startRedis(
  settings: readonly string[] = [],
  first: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'));
  const port = await freePort();
  const log = join(folder, 'log');
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--logfile', log];
  const all = [...first, ...place, '--save', '', ...settings];
  const start = async () => {
    const started = spawn('redis-server', all, { stdio: 'ignore', env: { ...process.env, ...env } });
    // A test that fails or times out must not leave it running.
    const killed = () => started.kill('SIGKILL');
    process.once('exit', killed);
    started.once('exit', () => process.off('exit', killed));
    await untilUp(port, started, log);
    return started;
  };
  let server = await start();
  return {
    port,
    get process() {
      return server;
    },
    kill: () => end(server),
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await end(server);
      // A child of the server may still be writing its snapshot.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
