import { createPool } from 'mysql2/promise';
import { mariadbStore } from '../../../../src/stores/mariadb/index.ts';

/** The store of a child process, on the server at this port; `end` closes everything. */
export function connect(port: string) {
  const pool = createPool({ host: '127.0.0.1', port: Number(port), user: 'root', database: 'shop' });
  const store = mariadbStore({ client: pool });
  const end = async () => {
    await store.close();
    await pool.end();
  };
  return { store, end };
}
