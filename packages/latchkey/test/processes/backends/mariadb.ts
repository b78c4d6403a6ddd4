import type { RowDataPacket } from 'mysql2/promise';
import { migrate } from '../../../src/stores/mariadb/index.ts';
import { startMariadb } from '../../servers/mariadb-server.ts';
import { steppedClock } from '../../servers/stepped-clock.ts';
import { startTcpProxy } from '../../servers/tcp-proxy.ts';
import { adminPool } from '../../stores/mariadb/pools.ts';
import { type Backend, poolSize as pool } from './backend.ts';
import { runFolder } from './folder.ts';

export async function mariadbBackend(): Promise<Backend> {
  const [folder, clock] = await Promise.all([runFolder(), steppedClock()]);
  const server = await startMariadb([], clock.env);
  const admin = adminPool(server, 1);
  await migrate(admin);
  await admin.query('CREATE TABLE effects (effect VARCHAR(200) NOT NULL)');
  const proxy = await startTcpProxy(server.port);
  return {
    name: 'mariadb',
    settings: () => ({ kind: 'mariadb', port: proxy.port, pool }),
    ownClock: true,
    hasTransactions: true,
    proxy,
    restart: async () => {
      await server.kill();
      await server.restart();
    },
    stepClock: clock.step,
    effects: async () => {
      const [rows] = await admin.query<RowDataPacket[]>('SELECT effect FROM effects');
      return rows.map((row) => String(row['effect']));
    },
    path: folder.path,
    stop: async () => {
      await admin.end();
      await proxy.stop();
      await server.stop();
      await clock.remove();
      await folder.remove();
    },
  };
}
