/** Starts Debian's MariaDB on a free loopback port in a new folder, and stops it by its process id. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port.ts';
import { patience } from './patience.ts';

export interface MariadbServer {
  readonly port: number;
  /** The administrator's options for mysql2. */
  readonly admin: { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
  /** Ends the server as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const deadlineMs = 60_000;
const host = '127.0.0.1';
const database = 'shop';

/** In memory if possible; a killed process leaves the same data there as on a disk. */
const folders = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const program = ['/usr/sbin/mariadbd', '/usr/local/sbin/mariadbd'].find(existsSync) ?? 'mariadbd';

/** The server refuses to run as root without this setting. */
const asUser = process.getuid?.() === 0 ? ['--user=root'] : [];

const tmpdirOf = (folder: string) => `--tmpdir=${join(folder, 'tmp')}`;

/** Servers that share a folder for temporary files can take each other's files. */
async function install(folder: string): Promise<void> {
  await mkdir(join(folder, 'tmp'));
  const data = join(folder, 'data');
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    tmpdirOf(folder),
  ];
  try {
    await promisify(execFile)('mariadb-install-db', [...args, ...asUser]);
  } catch (cause) {
    throw new Error('mariadb-install-db failed; is Debian’s mariadb-server installed?', { cause });
  }
}

async function launch(
  folder: string,
  port: number,
  settings: readonly string[],
  more: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const log = await open(join(folder, 'log'), 'a');
  const args = [
    '--no-defaults',
    ...asUser,
    `--datadir=${join(folder, 'data')}`,
    tmpdirOf(folder),
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--port=${port}`,
    `--bind-address=${host}`,
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=32M',
    '--innodb-flush-method=fsync',
    '--innodb-flush-log-at-trx-commit=1',
    ...settings,
  ];
  // A zone with summer time, to reveal code that uses local time.
  const env = { ...process.env, TZ: 'Europe/Berlin', ...more };
  const server = spawn(program, args, { stdio: ['ignore', log.fd, log.fd], env });
  server.on('error', () => {});
  await log.close();
  return server;
}

async function isUp(port: number): Promise<boolean> {
  try {
    const connection = await createConnection({ host, port, user: 'root' });
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${database}`);
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

async function untilUp(folder: string, port: number, server: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + patience(deadlineMs);
  while (!(await isUp(port))) {
    if (server.exitCode === null && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50));
    else throw new Error(`mariadbd (Debian's mariadb-server) did not start:\n${await readFile(join(folder, 'log'))}`);
  }
}

/**
 * Starts a server whose administrator needs no password.
 *
 * @param settings - further settings: `['--innodb-buffer-pool-size=1G']`.
 * @param more - additional environment variables.
 */
export async function startMariadb(
  settings: readonly string[] = [],
  more: NodeJS.ProcessEnv = {},
): Promise<MariadbServer> {
  const folder = await mkdtemp(join(folders, 'latchkey-mariadb-'));
  const port = await freePort();
  await install(folder);
  const start = async () => {
    const started = await launch(folder, port, settings, more);
    await untilUp(folder, port, started);
    return started;
  };
  let server = await start();
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  return {
    port,
    admin: { host, port, user: 'root', database },
    kill,
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
