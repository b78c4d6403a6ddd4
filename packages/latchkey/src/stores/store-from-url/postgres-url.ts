import { checkOption } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import type { PgClient, PostgresTransactions, TableNames } from '../postgres/index.ts';
import { clientError, driverMissing, type Opened, type StoreFromUrlOptions } from './opened.ts';
import { connectionsRule, parametersOf, without } from './store-url.ts';

/** The parameters that the client reads from the URL itself. */
const clientParameters = {
  sslmode: 'text',
  sslrootcert: 'text',
  sslcert: 'text',
  sslkey: 'text',
  application_name: 'text',
} as const;

const storeParameters = {
  connections: 'number',
  schema: 'text',
  tablePrefix: 'text',
  listen: 'flag',
  prepare: 'flag',
  connectTimeoutMs: 'number',
  callTimeoutMs: 'number',
  maxResultBytes: 'number',
} as const;

/** `postgres://user:password@host:5432/database?schema=shop&connections=20`. */
export async function openPostgres(
  url: URL,
  { runtime, onClientError }: StoreFromUrlOptions,
): Promise<Opened<OperatorStore<PostgresTransactions<PgClient>>>> {
  const {
    connections = connectionsRule.default,
    listen,
    ...others
  } = parametersOf(url, { ...storeParameters, ...clientParameters });
  const settings = without(others, clientParameters);
  checkOption('storeFromUrl', 'connections', connections, connectionsRule);
  const { postgresStore } = await import('../postgres/index.ts');
  const pool = await openPool(url, connections, settings.connectTimeoutMs);
  // Without a listener, an idle connection that breaks would end the process.
  pool.on('error', (error) => onClientError?.(clientError(error)));
  return {
    store: postgresStore({
      client: pool,
      ...settings,
      ...(listen === false && { listen }),
      ...(runtime && { runtime }),
    }),
    end: () => pool.end(),
  };
}

/** The names of the tables in a URL. */
export function postgresNames(url: URL): TableNames {
  const { schema, tablePrefix } = parametersOf(url, { ...storeParameters, ...clientParameters });
  return { ...(schema !== undefined && { schema }), ...(tablePrefix !== undefined && { tablePrefix }) };
}

/** A pool for the server of a URL. Its time limit is also for a server that accepts a connection and never answers. */
export async function openPool(url: URL, connections: number, connectTimeoutMs = 5_000) {
  const { default: pg } = await loadPg(url);
  return new pg.Pool({
    connectionString: addressOf(url),
    connectionTimeoutMillis: connectTimeoutMs,
    max: connections,
    keepAlive: true,
  });
}

/** The client reads its own parameters from the URL, and must not get the store's. */
function addressOf(url: URL): string {
  const address = new URL(url);
  for (const name of Object.keys(storeParameters)) address.searchParams.delete(name);
  return address.href;
}

async function loadPg(url: URL) {
  try {
    return await import('pg');
  } catch (cause) {
    throw driverMissing('pg', url, cause);
  }
}
