import type { OperatorStore } from '../../core/store.ts';
import type { SqliteTransactions } from '../sqlite/index.ts';
import type { Opened, StoreFromUrlOptions } from './opened.ts';
import { decoded, invalidUrl, parametersOf } from './store-url.ts';

const sqliteParameters = {
  synchronous: ['full', 'normal'],
  lockTimeoutMs: 'number',
  maxResultBytes: 'number',
} as const;

const memoryParameters = {
  maxRecords: 'number',
  maxBytes: 'number',
  maxResultBytes: 'number',
  allowInProduction: 'flag',
} as const;

/** `sqlite:data/latchkey.db`, `sqlite:/var/lib/shop/latchkey.db?synchronous=normal`. */
export async function openSqlite(
  url: URL,
  { runtime }: StoreFromUrlOptions,
): Promise<Opened<OperatorStore<SqliteTransactions>>> {
  const settings = parametersOf(url, sqliteParameters);
  const database = decoded(url.pathname);
  if (database === '' || url.host !== '')
    throw invalidUrl('an SQLite URL is sqlite: and a path: sqlite:data/latchkey.db or sqlite:/srv/latchkey.db.');
  const { sqliteStore } = await import('../sqlite/index.ts');
  return { store: sqliteStore({ database, ...settings, ...(runtime && { runtime }) }) };
}

/** `memory:`, `memory:?maxRecords=10000`. */
export async function openMemory(url: URL, { runtime }: StoreFromUrlOptions): Promise<Opened<OperatorStore>> {
  const settings = parametersOf(url, memoryParameters);
  if (url.pathname !== '' || url.host !== '') throw invalidUrl('the URL of a store in memory must be exactly memory:');
  const { memoryStore } = await import('../memory/index.ts');
  return { store: memoryStore({ ...settings, ...(runtime && { runtime }) }) };
}
