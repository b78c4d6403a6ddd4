/**
 * Recognizes the user's client.
 *
 * @module
 */

import { must } from '../../core/options/rules.ts';
import type { Timers } from '../../core/runtime.ts';
import type { PostgresBridge } from './bridges/bridge.ts';
import { type ClientOf, type PgPool, pgBridge } from './bridges/pg.ts';
import { type PostgresJsSql, postgresJsBridge, type TransactionOf } from './bridges/postgres-js.ts';

/** A `Pool` of `pg`, the `sql` of postgres.js, or a bridge to anything else. */
export type PostgresClient = PgPool | PostgresJsSql | PostgresBridge<unknown>;

/** The transaction that handlers get, for each kind of client. */
export type TransactionHandle<Client extends PostgresClient> = Client extends PgPool
  ? ClientOf<Client>
  : Client extends PostgresJsSql
    ? TransactionOf<Client>
    : Client extends PostgresBridge<infer Tx>
      ? Tx
      : never;

/** The settings of the store's own bridges. */
export interface ClientSettings {
  readonly connectTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  readonly prepare?: boolean;
  readonly timers?: Timers;
}

/** The rule for a client. */
export const clientRule = must(
  'a Pool of pg, the sql of postgres.js, or a bridge with begin and query',
  (value) => isPostgresJs(value) || isPgPool(value) || isBridge(value),
);

/** The bridge to a client. */
export function bridgeOf<Client extends PostgresClient>(
  client: Client,
  settings: ClientSettings,
): PostgresBridge<TransactionHandle<Client>> {
  const { callTimeoutMs: _, ...withoutCalls } = settings;
  if (isPostgresJs(client)) return typed<Client>(postgresJsBridge(client, withoutCalls));
  if (isPgPool(client)) return typed<Client>(pgBridge(client, settings));
  return typed<Client>(client);
}

/** The check at run time that corresponds to the client's type. */
function typed<Client extends PostgresClient>(bridge: unknown): PostgresBridge<TransactionHandle<Client>> {
  return bridge as PostgresBridge<TransactionHandle<Client>>;
}

function isPostgresJs(client: unknown): client is PostgresJsSql {
  return typeof client === 'function' && has(client, 'unsafe') && has(client, 'begin');
}

function isPgPool(client: unknown): client is PgPool {
  return has(client, 'connect') && has(client, 'query') && 'totalCount' in Object(client);
}

function isBridge(client: unknown): client is PostgresBridge<unknown> {
  return has(client, 'begin') && has(client, 'query');
}

function has(client: unknown, method: string): boolean {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return false;
  return typeof Reflect.get(client, method) === 'function';
}
