import { checkOption } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import type { MariadbConnection, MariadbTransactions, TableOptions } from '../mariadb/index.ts';
import { driverMissing, type Opened, type StoreFromUrlOptions } from './opened.ts';
import { connectionsRule, decoded, parametersOf } from './store-url.ts';

/** Time limit for a connection, also to a server that accepts it and never answers. */
const connectTimeoutMs = 5_000;
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
  const { mariadbStore } = await import('../mariadb/index.ts');
  const client = await openMariadbPool(url, connections, ssl === true);
  return {
    store: mariadbStore({ client, ...settings, ...(runtime && { runtime }) }),
    end: () => client.end(),
  };
}

/** The names of the tables in a URL, and whether it asks for TLS. */
export function mariadbNames(url: URL): { readonly names: TableOptions; readonly ssl: boolean } {
  const { tablePrefix, ssl } = parametersOf(url, parameters);
  return { names: tablePrefix === undefined ? {} : { tablePrefix }, ssl: ssl === true };
}

/** A pool for the server of a URL. */
export async function openMariadbPool(url: URL, connections: number, ssl: boolean) {
  const { createPool } = await loadMysql2(url);
  return createPool({
    ...addressOf(url),
    connectionLimit: connections,
    connectTimeout: connectTimeoutMs,
    ...(ssl && { ssl: {} }),
  });
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
