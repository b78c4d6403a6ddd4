/**
 * The bridge to `pg` (node-postgres).
 *
 * @module
 */

import { StoreUnavailableError } from '../../../core/errors.ts';
import { systemRuntime, type TimerHandle, type Timers } from '../../../core/runtime.ts';
import type { PostgresBridge, PostgresValue } from './bridge.ts';

/** The few members of a `PoolClient` of `pg` that are used. */
export interface PgClient {
  query(config: { text: string; values?: unknown[]; name?: string }): Promise<{ readonly rows: readonly object[] }>;
  release(destroy?: boolean | Error): void;
  on(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** The few members of a `Pool` of `pg` that are used. */
export interface PgPool {
  connect(): Promise<PgClient>;
  readonly totalCount: number;
  readonly options?: { readonly max?: number | undefined };
}

/** The type of the clients that a pool hands out; `connect` has a form with a callback too. */
export type ClientOf<Pool extends PgPool> = Pool extends {
  connect: { (): Promise<infer Client>; (...args: never[]): unknown };
}
  ? Client
  : PgClient;

/** The settings of a bridge to `pg`. */
export interface PgBridgeOptions {
  /** How long a call waits for a connection of the pool, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** After how long without an answer a connection counts as dead and is thrown away, in milliseconds. Default 10,000. */
  readonly callTimeoutMs?: number;
  /**
   * Let the server keep each statement's plan, under a name, for each connection. It saves the server work, and does
   * not work behind a PgBouncer in transaction mode before its version 1.21. Default false.
   */
  readonly prepare?: boolean;
  /** What bounds the waiting. */
  readonly timers?: Timers;
}

/**
 * Makes a bridge to a pool of `pg`. Handlers get the pool's client, in a transaction: a `COMMIT` of their own is
 * refused by the database, with everything rolled back.
 *
 * @example
 * ```ts
 * const store = postgresStore({ client: new Pool({ connectionString }) })
 * ```
 */
export function pgBridge<Pool extends PgPool>(
  pool: Pool,
  options: PgBridgeOptions = {},
): PostgresBridge<ClientOf<Pool>> {
  const { connectTimeoutMs = 5_000, callTimeoutMs = 10_000, prepare = false } = options;
  const { timers = systemRuntime.timers } = options;
  const nameOf = prepare ? statementNamer() : () => undefined;
  const connect = () => connectWithin(pool, connectTimeoutMs, timers) as Promise<ClientOf<Pool> & PgClient>;
  const run = async (client: PgClient, text: string, values: readonly PostgresValue[]) =>
    (await client.query(configOf(text, values, nameOf(text)))).rows;
  return {
    begin: async (fn) => inTransaction(await connect(), fn),
    query: async (tx: PgClient | undefined, text, values) => {
      if (tx !== undefined) return run(tx, text, values);
      return using(await connect(), (client) => answeredWithin(run(client, text, values), callTimeoutMs, timers));
    },
    ...(canSpareOne(pool) && {
      listen: async (channel, heard, lost) => listen(await connect(), channel, heard, lost),
    }),
  };
}

/** Listening keeps a connection while somebody waits; a pool that is smaller than this needs all of its own for work. */
const smallestListeningPool = 3;

function canSpareOne({ options }: PgPool): boolean {
  return options?.max === undefined || options.max >= smallestListeningPool;
}

function configOf(text: string, values: readonly PostgresValue[], name: string | undefined) {
  const config = { text, values: values.map(bound) };
  return name === undefined ? config : { ...config, name };
}

/** A Buffer is sent as bytes; other arrays of bytes are taken for text by some versions. */
function bound(value: PostgresValue): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}

function statementNamer(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    if (/^(BEGIN|COMMIT|ROLLBACK)$/.test(text)) return undefined;
    const name = names.get(text) ?? `latchkey_${names.size}`;
    names.set(text, name);
    return name;
  };
}

const survivors = new WeakSet<PgClient>();

/**
 * Gives a client an error listener for life: without one, an error between two statements, or of a client that the
 * pool has thrown away, would end the process.
 */
function surviving(client: PgClient): PgClient {
  if (!survivors.has(client)) client.on('error', () => {});
  survivors.add(client);
  return client;
}

/** Waits for a client, but not for ever; one that comes too late goes back unused. */
function connectWithin(pool: PgPool, limitMs: number, timers: Timers): Promise<PgClient> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = timers.set(() => {
      late = true;
      reject(
        new StoreUnavailableError(
          `No pool connection became free within ${limitMs} ms; the pool has ${pool.totalCount}.`,
        ),
      );
    }, limitMs);
    pool.connect().then(
      (client) => {
        timers.clear(timer);
        if (late) client.release();
        else resolve(surviving(client));
      },
      (error: unknown) => {
        timers.clear(timer);
        reject(error);
      },
    );
  });
}

/** The connection did not answer; nothing may be sent on it again. */
class DeadConnectionError extends StoreUnavailableError {}

/** Settles like `answer`, or rejects when the time is over. */
async function answeredWithin<T>(answer: Promise<T>, limitMs: number, timers: Timers): Promise<T> {
  let timer: TimerHandle;
  const late = new Promise<never>((_, reject) => {
    timer = timers.set(
      () => reject(new DeadConnectionError(`PostgreSQL did not answer within ${limitMs} ms.`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    timers.clear(timer);
  }
}

/** Runs `work` on a client and gives it back, or throws it away if it broke. */
async function using<Client extends PgClient, T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> {
  let broken: Error | undefined;
  const notice = (error: Error) => {
    broken = error;
  };
  client.on('error', notice);
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof DeadConnectionError) broken = error;
    throw error;
  } finally {
    client.removeListener('error', notice);
    client.release(broken);
  }
}

function inTransaction<Client extends PgClient, T>(client: Client, fn: (client: Client) => Promise<T>): Promise<T> {
  return using(client, async () => {
    await client.query({ text: 'BEGIN' });
    try {
      const result = await fn(client);
      await client.query({ text: 'COMMIT' });
      return result;
    } catch (error) {
      // A client that can't roll back has lost its connection, and the server rolls back by itself.
      await client.query({ text: 'ROLLBACK' }).catch(() => {});
      throw error;
    }
  });
}

async function listen(
  client: PgClient,
  channel: string,
  heard: (payload: string) => void,
  lost: () => void,
): Promise<() => Promise<void>> {
  let over = false;
  const end = (error?: Error) => {
    if (over) return;
    over = true;
    lost();
    client.release(error ?? true);
  };
  client.on('error', end);
  client.on('end', end);
  client.on('notification', (message) => {
    if (message.channel === channel) heard(message.payload ?? '');
  });
  try {
    await client.query({ text: `LISTEN "${channel.replaceAll('"', '""')}"` });
  } catch (error) {
    end();
    throw error;
  }
  return async () => end();
}
