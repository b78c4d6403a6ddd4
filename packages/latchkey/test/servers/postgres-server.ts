/** Starts Debian's PostgreSQL on a free loopback port in a new folder, and stops it by its process id. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { patience } from './patience.ts';

export interface PostgresServer {
  readonly port: number;
  /** For a superuser. */
  readonly url: string;
  /** Ends the server's process at once, as a power cut ends it. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const deadlineMs = 30_000;
const versionsFolder = '/usr/lib/postgresql';
export const superuser = 'latchkey';

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root; Debian's package creates a user for it. */
export function unprivileged(): Account {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  if (line === undefined) throw missing();
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** A folder that the server's user may write to. */
export function serverFolder(name: string, { uid, gid }: Account): string {
  const folder = mkdtempSync(join(tmpdir(), `latchkey-${name}-`));
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/** Waits until the port accepts connections. */
export async function untilListening(port: number, server: ChildProcess, log: string): Promise<void> {
  const giveUpAt = Date.now() + patience(deadlineMs);
  while (!(await accepts(port))) {
    if (server.exitCode !== null || Date.now() > giveUpAt)
      throw new Error(`${server.spawnfile} did not start: ${existsSync(log) ? readFileSync(log, 'utf8') : 'no log'}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** It listens before it accepts queries; its pid file says when it does. */
async function untilReady(pidFile: string, server: ChildProcess, log: string): Promise<void> {
  const giveUpAt = Date.now() + patience(deadlineMs);
  while (!/^ready/m.test(readFileSync(pidFile, 'utf8'))) {
    if (server.exitCode !== null || Date.now() > giveUpAt)
      throw new Error(`${server.spawnfile} is not ready: ${readFileSync(log, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Sessions of a killed server end a moment later; until then a new server refuses to start because of the shared
 * memory.
 */
async function untilFree(data: string): Promise<void> {
  const giveUpAt = Date.now() + patience(deadlineMs);
  while (sessionsOf(data) > 0 && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Number of processes in a data folder, which is their working directory. */
function sessionsOf(data: string): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && workingFolder(pid) === data).length;
}

function workingFolder(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended, or belongs to the system.
    return undefined;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function missing(): Error {
  return new Error('PostgreSQL is not installed: install the Debian package postgresql.');
}

function programs(): string {
  const versions = existsSync(versionsFolder) ? readdirSync(versionsFolder).map(Number) : [];
  if (versions.length === 0) throw missing();
  return join(versionsFolder, String(Math.max(...versions)), 'bin');
}

/**
 * @param settings - further settings: `['max_connections=20']`.
 * @param more - additional environment variables.
 */
export async function startPostgres(
  settings: readonly string[] = [],
  more: NodeJS.ProcessEnv = {},
): Promise<PostgresServer> {
  const account = unprivileged();
  const folder = serverFolder('postgres', account);
  const data = join(folder, 'data');
  const log = join(folder, 'log');
  const bin = programs();
  const initArgs = ['-D', data, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  execFileSync(join(bin, 'initdb'), initArgs, { ...account, cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  // Without fsync committed data survives the end of the process, which is enough, since no test cuts the power.
  const all = ['listen_addresses=127.0.0.1', 'fsync=off', 'shared_preload_libraries=pg_stat_statements', ...settings];
  const args = ['-D', data, '-p', String(port), '-k', folder, ...all.flatMap((setting) => ['-c', setting])];

  const env = { ...process.env, ...more };

  const launch = async () => {
    const file = openSync(log, 'a');
    const server = spawn(join(bin, 'postgres'), args, { ...account, cwd: folder, env, stdio: ['ignore', file, file] });
    closeSync(file);
    try {
      await untilListening(port, server, log);
      await untilReady(join(data, 'postmaster.pid'), server, log);
      return server;
    } catch (error) {
      server.kill('SIGQUIT');
      throw error;
    }
  };
  let server = await launch();
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  };
  return {
    port,
    url: `postgres://${superuser}@127.0.0.1:${port}/postgres`,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await untilFree(data);
      server = await launch();
    },
    stop: async () => {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
