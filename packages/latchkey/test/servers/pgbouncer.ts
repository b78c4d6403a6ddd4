/** Starts Debian's PgBouncer in transaction mode for a PostgreSQL server. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { serverFolder, superuser, unprivileged, untilListening } from './postgres-server.ts';

const program = '/usr/sbin/pgbouncer';

export interface PgBouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param poolSize - number of connections to the server, for any number of clients. */
export async function startPgBouncer(serverPort: number, poolSize: number): Promise<PgBouncer> {
  if (!existsSync(program)) throw new Error('PgBouncer is not installed: install the Debian package pgbouncer.');
  const account = unprivileged();
  const folder = serverFolder('pgbouncer', account);
  const port = await freePort();
  const [settings, log, users] = [join(folder, 'settings.ini'), join(folder, 'log'), join(folder, 'users')];
  writeFileSync(users, `"${superuser}" ""\n`);
  writeFileSync(
    settings,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${serverPort}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      `unix_socket_dir =`,
      'auth_type = trust',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      `default_pool_size = ${poolSize}`,
      'max_client_conn = 100',
      `logfile = ${log}`,
    ].join('\n'),
  );
  const server = spawn(program, ['-q', settings], { ...account, cwd: folder, stdio: 'ignore' });
  await untilListening(port, server, log);
  return {
    url: `postgres://${superuser}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
