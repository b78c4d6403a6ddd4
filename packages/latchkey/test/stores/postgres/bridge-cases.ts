import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle as drizzleOnPg } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleOnPostgresJs } from 'drizzle-orm/postgres-js';
import knex, { type Knex } from 'knex';
import { CompiledQuery, type ControlledTransaction, Kysely, sql as kyselySql, PostgresDialect } from 'kysely';
import pg from 'pg';
import postgres from 'postgres';
import {
  drizzleBridge,
  knexBridge,
  kyselyBridge,
  type PostgresBridge,
  pgBridge,
  postgresJsBridge,
} from '../../../src/stores/postgres/index.ts';

/** A library that opens transactions, and what a handler does with them. */
export interface BridgeCase<Tx> {
  readonly bridge: PostgresBridge<Tx>;
  /** Writes one effect. */
  write(tx: Tx, text: string): Promise<unknown>;
  /** Runs any statement without values. */
  raw(tx: Tx, text: string): Promise<unknown>;
  /** The library's own way to nest, if it has one. */
  nested?(tx: Tx, fn: (inner: Tx) => Promise<void>): Promise<unknown>;
  close(): Promise<unknown>;
}

interface Tables {
  effects: { effect: string };
}

const insert = 'INSERT INTO effects (effect) VALUES';

function onPg(url: string): BridgeCase<pg.PoolClient> {
  const pool = new pg.Pool({ connectionString: url });
  return {
    bridge: pgBridge(pool),
    write: (tx, text) => tx.query(`${insert} ($1)`, [text]),
    raw: (tx, text) => tx.query(text),
    close: () => pool.end(),
  };
}

function onPostgresJs(url: string): BridgeCase<postgres.TransactionSql> {
  const sql = postgres(url, { onnotice: () => {} });
  return {
    bridge: postgresJsBridge(sql),
    write: (tx, text) => tx`INSERT INTO effects (effect) VALUES (${text})`,
    raw: (tx, text) => tx.unsafe(text),
    nested: (tx, fn) => tx.savepoint(fn),
    close: () => sql.end({ timeout: 1 }),
  };
}

function onDrizzle(url: string) {
  const pool = new pg.Pool({ connectionString: url });
  const db = drizzleOnPg({ client: pool });
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0];
  return {
    bridge: drizzleBridge(db, drizzleSql),
    write: (tx, text) => tx.execute(drizzleSql`INSERT INTO effects (effect) VALUES (${text})`),
    raw: (tx, text) => tx.execute(text),
    nested: (tx, fn) => tx.transaction(fn),
    close: () => pool.end(),
  } satisfies BridgeCase<Tx>;
}

function onDrizzleWithPostgresJs(url: string) {
  const client = postgres(url, { onnotice: () => {} });
  const db = drizzleOnPostgresJs({ client });
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0];
  return {
    bridge: drizzleBridge(db, drizzleSql),
    write: async (tx, text) => tx.execute(drizzleSql`INSERT INTO effects (effect) VALUES (${text})`),
    raw: async (tx, text) => tx.execute(text),
    nested: (tx, fn) => tx.transaction(fn),
    close: () => client.end({ timeout: 1 }),
  } satisfies BridgeCase<Tx>;
}

function onKysely(url: string): BridgeCase<ControlledTransaction<Tables>> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
  return {
    bridge: kyselyBridge(db, CompiledQuery),
    write: (tx, text) => tx.insertInto('effects').values({ effect: text }).execute(),
    raw: (tx, text) => kyselySql.raw(text).execute(tx),
    nested: async (tx, fn) => {
      const inner = await tx.savepoint('inner').execute();
      try {
        await fn(tx);
        await inner.releaseSavepoint('inner').execute();
      } catch (error) {
        await inner.rollbackToSavepoint('inner').execute();
        throw error;
      }
    },
    close: () => db.destroy(),
  };
}

function onKnex(url: string): BridgeCase<Knex.Transaction> {
  const db = knex({ client: 'pg', connection: url });
  return {
    bridge: knexBridge(db),
    write: (tx, text) => Promise.resolve(tx('effects').insert({ effect: text })),
    raw: (tx, text) => Promise.resolve(tx.raw(text)),
    nested: (tx, fn) => tx.transaction(fn),
    close: () => db.destroy(),
  };
}

/** A case whose type of transactions only it knows. */
type AnyCase = (use: <Tx>(open: (url: string) => BridgeCase<Tx>) => void) => void;

function hide<Tx>(open: (url: string) => BridgeCase<Tx>): AnyCase {
  return (use) => use(open);
}

export const bridgeCases: Readonly<Record<string, AnyCase>> = {
  pg: hide(onPg),
  'postgres.js': hide(onPostgresJs),
  'Drizzle on pg': hide(onDrizzle),
  'Drizzle on postgres.js': hide(onDrizzleWithPostgresJs),
  Kysely: hide(onKysely),
  Knex: hide(onKnex),
};
