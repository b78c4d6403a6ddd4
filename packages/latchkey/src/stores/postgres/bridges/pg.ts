/**
 * The bridge to `pg` (node-postgres).
 *
 * @module
 */

import { StoreUnavailableError } from '../../../core/errors.ts';
import { systemRuntime, type TimerHandle, type Timers } from '../../../core/runtime.ts';
import type { PostgresBridge, PostgresValue } from './bridge.ts';

/** The members of a `PoolClient` of `pg` that are used. */
export interface PgClient {
  query(config: { text: string; values?: unknown[]; name?: string }): Promise<{ readonly rows: readonly object[] }>;
  release(destroy?: boolean | Error): void;
  on(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** The members of a `Pool` of `pg` that are used. */
export interface PgPool {
  connect(): Promise<PgClient>;
  readonly totalCount: number;
  readonly options?: { readonly max?: number | undefined };
}

/** The type of a pool's clients; `connect` also has a form with a callback. */
export type ClientOf<Pool extends PgPool> = Pool extends {
  connect: { (): Promise<infer Client>; (...args: never[]): unknown };
}
  ? Client
  : PgClient;

/** The settings of a bridge to `pg`. */
export interface PgBridgeOptions {
  /** Time limit for getting a connection of the pool, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Time limit of an answer, in milliseconds; then the connection is closed. Default 10,000. */
  readonly callTimeoutMs?: number;
  /**
   * Uses prepared statements, which save the server work. They do not work behind a PgBouncer before 1.21 in
   * transaction mode. Default false.
   */
  readonly prepare?: boolean;
  /** The timers of the time limits. */
  readonly timers?: Timers;
}

/**
 * Creates a bridge to a pool of `pg`. Handlers get a client of the pool, in a transaction. If they run a `COMMIT`
 * themselves, the database refuses it and rolls everything back.
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

/** Listening takes a connection while a request waits; a smaller pool needs all its connections for calls. */
const smallestListeningPool = 3;

function canSpareOne({ options }: PgPool): boolean {
  return options?.max === undefined || options.max >= smallestListeningPool;
}

function configOf(text: string, values: readonly PostgresValue[], name: string | undefined) {
  const config = { text, values: values.map(bound) };
  return name === undefined ? config : { ...config, name };
}

/** Buffers are sent as bytes; some versions send other byte arrays as text. */
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
 * Adds a permanent error listener to a client. Without it, an error between two statements, or of a client that the
 * pool has discarded, would end the process.
 */
function surviving(client: PgClient): PgClient {
  if (!survivors.has(client)) client.on('error', () => {});
  survivors.add(client);
  return client;
}

/** Waits for a client within a time limit; a client that arrives too late is returned unused. */
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

/** The connection did not answer; it must not be used again. */
class DeadConnectionError extends StoreUnavailableError {}

/** Settles as `answer` does, or rejects after the time limit. */
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

/** Runs `work` on a client and returns it to the pool, or discards it if it broke. */
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
      // If the rollback fails, the connection is lost, and the server rolls back itself.
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
