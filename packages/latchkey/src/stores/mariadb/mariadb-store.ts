/**
 * The store's methods; each runs one or two statements.
 *
 * @module
 */

import type { Runtime } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import { type Entry, toReadRecord, toStoredRecord } from '../record/entry.ts';
import * as owning from '../record/own-entry.ts';
import { encodeSteps } from '../record/step-blob.ts';
import { readCursor } from '../shared/paging.ts';
import { Sweeper } from '../shared/sweeper.ts';
import type { MariadbConnection } from './client.ts';
import type { Connection } from './connection.ts';
import { isTooLarge } from './errors.ts';
import { MariadbOutbox } from './outbox.ts';
import { bounded, liveRow, Records } from './records.ts';
import { columnsOf, flagBits, rowOf, stateCodes } from './row.ts';
import { checkNames, checkRequest, checkSteps, inspect, type ServerLimits, stepsTooLong } from './server-limits.ts';
import type { Statements } from './statements.ts';
import { runTransaction } from './transaction.ts';

/** The transactions of a MariaDB store: asynchronous, on a connection of the pool. */
export interface MariadbTransactions<Handle extends MariadbConnection = MariadbConnection>
  extends contract.TransactionKind {
  readonly handle: Handle;
  readonly mode: 'async';
}

/** The parts of a {@link MariadbStore}. */
export interface MariadbParts<Handle extends MariadbConnection> {
  readonly connection: Connection<Handle>;
  readonly sql: Statements;
  readonly runtime: Runtime;
  readonly maxResultBytes: number;
  /** Whether a timer removes expired records. */
  readonly sweep: boolean;
}

const eraseRows = 500;

const listed = {
  running: [stateCodes.held, 0],
  lapsed: [stateCodes.held, 1],
  open: [stateCodes.open, -1],
  completed: [stateCodes.completed, -1],
} as const satisfies Record<contract.RecordState, readonly [state: number, lapsed: number]>;

/** See `mariadbStore`. */
export class MariadbStore<Handle extends MariadbConnection>
  implements contract.OperatorStore<MariadbTransactions<Handle>>
{
  readonly name = 'mariadb';
  readonly volatile = false;
  readonly outbox: MariadbOutbox<Handle>;
  readonly #connection: Connection<Handle>;
  readonly #sql: Statements;
  readonly #maxResultBytes: number;
  readonly #records: Records;
  readonly #sweeper: Sweeper | undefined;
  #inspected: Promise<ServerLimits> | undefined;

  constructor({ connection, sql, runtime, maxResultBytes, sweep }: MariadbParts<Handle>) {
    this.#connection = connection;
    this.#sql = sql;
    this.#maxResultBytes = maxResultBytes;
    this.#records = new Records(connection, sql);
    this.outbox = new MariadbOutbox({ connection, sql, random: runtime.random, ready: () => this.#ready() });
    this.#sweeper = sweep ? new Sweeper(runtime, (limit) => this.sweep(limit)) : undefined;
  }

  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    checkNames(request);
    const { mostBytes } = await this.#ready();
    checkRequest(request, mostBytes);
    return this.#records.claim(request);
  }

  async renew(request: contract.RenewRequest): Promise<boolean> {
    await this.#ready();
    const { id, token, leaseMs, unresolvedRetentionMs } = request;
    const inputs = { id, token, lease_ms: leaseMs, kept_ms: bounded(leaseMs + unresolvedRetentionMs) };
    return this.#records.own(this.#sql.renew, inputs, {
      done: true,
      explain: (entry) => holdsLive(entry, request) && 'again',
    });
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const { mostBytes } = await this.#ready();
    const { result, tombstone } = request;
    const marker = { kind: 'tombstone', bytes: tombstone } as const;
    if (result.bytes.byteLength > this.#resultLimit(mostBytes)) return this.#complete(request, marker);
    try {
      return await this.#complete(request, result);
    } catch (error) {
      // The server's packet limit may have been lowered since it was read; then the server only closes the connection.
      this.#inspected = undefined;
      if (!isTooLarge(error)) throw error;
      return this.#complete(request, marker);
    }
  }

  async release(request: contract.ReleaseRequest): Promise<boolean> {
    await this.#ready();
    const { id, token, retentionMs, unused } = request;
    return this.#records.own(
      this.#sql.release,
      { id, token, kept_ms: bounded(retentionMs), unused: unused ? 1 : 0 },
      {
        done: true,
        explain: (entry) => (isHeldBy(entry, request) ? 'again' : entry?.phase === 'open' && entry.token === token),
      },
    );
  }

  async abandon(request: contract.AbandonRequest): Promise<boolean> {
    await this.#ready();
    const { id, token, unresolvedRetentionMs, unused } = request;
    return this.#records.own(
      this.#sql.abandon,
      { id, token, kept_ms: bounded(unresolvedRetentionMs), unused: unused ? 1 : 0 },
      {
        done: true,
        explain: (entry) => (holdsLive(entry, request) ? 'again' : isHeldBy(entry, request)),
      },
    );
  }

  async saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    const { mostBytes } = await this.#ready();
    const { id, token, name, value } = request;
    const step = encodeSteps(new Map([[name, value]]));
    if (step === null || step.byteLength > mostBytes) throw stepsTooLong(mostBytes);
    return this.#records.own(
      this.#sql.saveStep,
      { id, token, step, step_bytes: step.byteLength, most_bytes: mostBytes },
      {
        done: true,
        explain: (entry) => {
          if (entry === undefined || !owning.saveStepInEntry(entry, request)) return false;
          checkSteps(entry, mostBytes);
          return 'again';
        },
      },
    );
  }

  async transaction<T>(
    request: contract.RenewRequest,
    body: (handle: Handle) => contract.Transacted<T> | Promise<contract.Transacted<T>>,
  ): Promise<contract.TransactionOutcome<T>> {
    const { mostBytes } = await this.#ready();
    const tools = {
      connection: this.#connection,
      sql: this.#sql,
      mostResultBytes: this.#resultLimit(mostBytes),
      mostStepBytes: mostBytes,
    };
    return runTransaction(tools, request, body);
  }

  async read(id: string): Promise<contract.StoredRecord | undefined> {
    await this.#ready();
    const row = liveRow(await this.#records.find(id));
    return row && toReadRecord(row.entry, row.nowMs);
  }

  async list(request: contract.ListRequest): Promise<contract.RecordPage> {
    const [after_expires = -1, after_seq = -1] = readCursor(request, 2);
    await this.#ready();
    const [state, lapsed] = listed[request.state];
    const inputs = { state, lapsed, after_expires, after_seq, most_rows: request.limit + 1 };
    const { rows } = await this.#connection.run(this.#sql.list, inputs);
    const page = rows.slice(0, request.limit).map(rowOf);
    const records = page.map(({ entry, nowMs }) => toStoredRecord(entry, nowMs));
    const last = page.at(-1);
    if (rows.length <= request.limit || last === undefined) return { records };
    return { records, next: `${last.entry.expiresAtMs}.${last.seq}` };
  }

  async resolve(request: contract.ResolveRequest): Promise<boolean> {
    await this.#ready();
    return this.#records.change(request.id, (entry, nowMs) => {
      const outcome = owning.resolveEntry(entry, request, nowMs);
      if (outcome === 'refused') return { answer: false };
      return { answer: true, write: outcome === 'removed' ? 'remove' : entry };
    });
  }

  async erase(principal: string): Promise<number> {
    await this.#ready();
    let erased = 0;
    for (let rows: readonly unknown[] | undefined; rows === undefined || rows.length === eraseRows; ) {
      ({ rows } = await this.#connection.run(this.#sql.erase, { principal, most_rows: eraseRows }));
      erased += rows.filter((row) => Number(columnsOf(row)('live')) === 1).length;
    }
    return erased;
  }

  async sweep(limit: number): Promise<number> {
    await this.#ready();
    const { affected } = await this.#connection.run(this.#sql.sweep, { most_rows: limit });
    return affected;
  }

  async ping(): Promise<void> {
    await this.#ready();
    await this.#connection.run(this.#sql.ping);
  }

  async now(): Promise<number> {
    await this.#ready();
    const { rows } = await this.#connection.run(this.#sql.ping);
    return Number(columnsOf(rows[0])('now'));
  }

  async close(): Promise<void> {
    this.#sweeper?.stop();
    this.#connection.close();
  }

  async #complete(
    { id, token, retentionMs }: contract.CompleteRequest,
    { kind, bytes }: contract.StoredResult,
  ): Promise<contract.CompleteOutcome> {
    const tombstone = kind === 'tombstone' ? flagBits.tombstone : 0;
    return this.#records.own<contract.CompleteOutcome>(
      this.#sql.complete,
      { id, token, tombstone, result: bytes, kept_ms: bounded(retentionMs) },
      {
        done: kind === 'tombstone' ? 'tombstoned' : 'completed',
        explain: (entry) => {
          if (isHeldBy(entry, { id, token })) return 'again';
          if (entry?.phase !== 'completed' || entry.token !== token) return 'lost';
          return entry.result?.kind === 'tombstone' ? 'tombstoned' : 'completed';
        },
      },
    );
  }

  #resultLimit(mostBytes: number): number {
    return Math.min(mostBytes, this.#maxResultBytes);
  }

  /** If the server could not be inspected, the next call tries again. */
  #ready(): Promise<ServerLimits> {
    this.#inspected ??= inspect(this.#connection, this.#sql.inspect).catch((error: unknown) => {
      this.#inspected = undefined;
      throw error;
    });
    return this.#inspected;
  }
}

function isHeldBy(entry: Entry | undefined, owner: contract.Owner): boolean {
  return entry !== undefined && owning.holds(entry, owner);
}

/** Whether the owner holds the record and has not given it up. */
function holdsLive(entry: Entry | undefined, owner: contract.Owner): boolean {
  return entry !== undefined && owning.holds(entry, owner) && !entry.abandoned;
}
