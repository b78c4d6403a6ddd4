import { checkOption } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import type { MariadbConnection, MariadbTransactions } from '../mariadb/index.ts';
import { driverMissing, type Opened, type StoreFromUrlOptions } from './opened.ts';
import { connectionsRule, decoded, parametersOf } from './store-url.ts';

const parameters = {
  connections: 'number',
  ssl: 'flag',
  tablePrefix: 'text',
  callTimeoutMs: 'number',
  maxResultBytes: 'number',
} as const;

/** `mariadb://user:password@host:3306/database?tablePrefix=shop_&connections=20&ssl=true`. */
export async function openMariadb(
  url: URL,
  { runtime }: StoreFromUrlOptions,
): Promise<Opened<OperatorStore<MariadbTransactions<MariadbConnection>>>> {
  const { connections = connectionsRule.default, ssl, ...settings } = parametersOf(url, parameters);
  checkOption('storeFromUrl', 'connections', connections, connectionsRule);
  const { createPool } = await loadMysql2(url);
  const { mariadbStore } = await import('../mariadb/index.ts');
  const client = createPool({
    ...addressOf(url),
    connectionLimit: connections,
    ...(ssl === true && { ssl: {} }),
  });
  return {
    store: mariadbStore({ client, ...settings, ...(runtime && { runtime }) }),
    end: () => client.end(),
  };
}

/** Other settings keep the client's defaults. */
function addressOf({ hostname, port, username, password, pathname }: URL) {
  return {
    host: decoded(hostname) || 'localhost',
    ...(port !== '' && { port: Number(port) }),
    ...(username !== '' && { user: decoded(username) }),
    ...(password !== '' && { password: decoded(password) }),
    ...(pathname.length > 1 && { database: decoded(pathname.slice(1)) }),
  };
}

async function loadMysql2(url: URL) {
  try {
    return await import('mysql2/promise');
  } catch (cause) {
    throw driverMissing('mysql2', url, cause);
  }
}
