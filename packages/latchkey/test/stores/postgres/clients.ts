import pg from 'pg';
import postgres from 'postgres';
import type { OperatorStore } from '../../../src/core/store.ts';
import {
  type PostgresStoreOptions,
  type PostgresTransactions,
  postgresStore,
  type TableNames,
} from '../../../src/stores/postgres/index.ts';

/** Writes one row of the table `effects` through a transaction's handle. */
export type WriteEffect<Tx> = (tx: Tx, text: string) => Promise<void>;

type Settings = TableNames & Partial<Omit<PostgresStoreOptions, 'client'>>;

/** A client of a test, and its setup. */
export interface TestClient<Tx> {
  store(settings: Settings): OperatorStore<PostgresTransactions<Tx>>;
  write: WriteEffect<Tx>;
  close(): Promise<void>;
}

export type PgTx = pg.PoolClient;
export type JsTx = postgres.TransactionSql;

export function pgClient(url: string, searchPath?: string, max = 10): TestClient<PgTx> & { readonly pool: pg.Pool } {
  const options = searchPath === undefined ? {} : { options: `-c search_path=${searchPath}` };
  const pool = new pg.Pool({ connectionString: url, max, ...options });
  // The pool reports idle connections that the server ended; the next call opens another.
  pool.on('error', () => {});
  return {
    pool,
    store: (settings) => postgresStore({ client: pool, ...settings }),
    write: async (tx, text) => {
      await tx.query('INSERT INTO effects (effect) VALUES ($1)', [text]);
    },
    close: () => pool.end(),
  };
}

export function postgresJsClient(
  url: string,
  searchPath?: string,
  max = 10,
): TestClient<JsTx> & { readonly sql: postgres.Sql } {
  const connection = searchPath === undefined ? {} : { connection: { search_path: searchPath } };
  const sql = postgres(url, { max, prepare: false, onnotice: () => {}, ...connection });
  return {
    sql,
    store: (settings) => postgresStore({ client: sql, ...settings }),
    write: async (tx, text) => {
      await tx`INSERT INTO effects (effect) VALUES (${text})`;
    },
    close: () => sql.end({ timeout: 1 }),
  };
}
