import pg from 'pg';
import { migrate } from '../../../src/stores/postgres/index.ts';
import { startPostgres } from '../../servers/postgres-server.ts';
import { steppedClock } from '../../servers/stepped-clock.ts';
import { startTcpProxy } from '../../servers/tcp-proxy.ts';
import { type Backend, poolSize as pool } from './backend.ts';
import { runFolder } from './folder.ts';

export async function postgresBackend(): Promise<Backend> {
  const [folder, clock] = await Promise.all([runFolder(), steppedClock()]);
  const server = await startPostgres([], clock.env);
  const admin = new pg.Pool({ connectionString: server.url, max: 1 });
  admin.on('error', () => {});
  await migrate(admin);
  await admin.query('CREATE TABLE effects (effect text NOT NULL)');
  const proxy = await startTcpProxy(server.port);
  const { port } = proxy;
  return {
    name: 'postgres',
    settings: (worker) => ({ kind: 'postgres', client: worker % 2 === 0 ? 'pg' : 'postgres.js', port, pool }),
    ownClock: true,
    hasTransactions: true,
    proxy,
    restart: async () => {
      await server.kill();
      await server.restart();
    },
    stepClock: clock.step,
    effects: async () => {
      const { rows } = await admin.query<{ effect: string }>('SELECT effect FROM effects');
      return rows.map(({ effect }) => effect);
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
