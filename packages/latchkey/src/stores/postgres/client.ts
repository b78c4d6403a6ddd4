/**
 * Tells which client the user brought.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { Timers } from '../../core/runtime.ts';
import type { PostgresBridge } from './bridges/bridge.ts';
import { type ClientOf, type PgPool, pgBridge } from './bridges/pg.ts';
import { type PostgresJsSql, postgresJsBridge, type TransactionOf } from './bridges/postgres-js.ts';

/** A `Pool` of `pg`, the `sql` of postgres.js, or a bridge to anything else. */
export type PostgresClient = PgPool | PostgresJsSql | PostgresBridge<unknown>;

/** What handlers get as a transaction from each kind of client. */
export type TransactionHandle<Client extends PostgresClient> = Client extends PgPool
  ? ClientOf<Client>
  : Client extends PostgresJsSql
    ? TransactionOf<Client>
    : Client extends PostgresBridge<infer Tx>
      ? Tx
      : never;

/** The settings that a bridge of the store's own is made with. */
export interface ClientSettings {
  readonly connectTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  readonly prepare?: boolean;
  readonly timers?: Timers;
}

/**
 * The bridge to a client.
 *
 * @throws LatchkeyError `option-invalid` if it is not a known client.
 */
export function bridgeOf<Client extends PostgresClient>(
  where: string,
  client: Client,
  settings: ClientSettings,
): PostgresBridge<TransactionHandle<Client>> {
  const { callTimeoutMs: _, ...withoutCalls } = settings;
  if (isPostgresJs(client)) return typed<Client>(postgresJsBridge(client, withoutCalls));
  if (isPgPool(client)) return typed<Client>(pgBridge(client, settings));
  if (isBridge(client)) return typed<Client>(client);
  throw new LatchkeyError(
    'option-invalid',
    `${where}: client must be a Pool of pg, the sql of postgres.js, or a bridge with begin and query.`,
  );
}

/** What a client's shape says at run time, its type says to the compiler. */
function typed<Client extends PostgresClient>(bridge: unknown): PostgresBridge<TransactionHandle<Client>> {
  return bridge as PostgresBridge<TransactionHandle<Client>>;
}

function isPostgresJs(client: object): client is PostgresJsSql {
  return typeof client === 'function' && has(client, 'unsafe') && has(client, 'begin');
}

function isPgPool(client: object): client is PgPool {
  return has(client, 'connect') && has(client, 'query') && 'totalCount' in client;
}

function isBridge(client: object): client is PostgresBridge<unknown> {
  return has(client, 'begin') && has(client, 'query');
}

function has(client: unknown, method: string): boolean {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return false;
  return typeof Reflect.get(client, method) === 'function';
}
