/**
 * The store's methods.
 *
 * @module
 */

import type * as contract from '../../core/store.ts';
import { type Phase, toReadRecord } from '../record/entry.ts';
import { resolvedToken } from '../record/own-entry.ts';
import { Sweeper } from '../shared/sweeper.ts';
import { Watchers } from '../shared/watchers.ts';
import { ChangeFeed, type Listen } from './change-feed.ts';
import type { Connection } from './connection.ts';
import { PostgresOutbox } from './outbox.ts';
import * as records from './records.ts';
import { entryOf, flagIn, nameIn, numberIn, pack } from './row.ts';
import { runTransaction } from './transaction.ts';

/** The transactions of a PostgreSQL store: asynchronous, in the user's own client. */
export interface PostgresTransactions<Tx> extends contract.TransactionKind {
  readonly handle: Tx;
  readonly mode: 'async';
}

/** The parts of a {@link PostgresStore}. */
export interface PostgresParts<Tx> {
  readonly connection: Connection<Tx>;
  readonly listen: Listen | undefined;
  readonly maxResultBytes: number;
  readonly sweeps: boolean;
}

/** Number of rows that `erase` removes in one statement. */
const eraseStepRows = 500;

const phases: readonly Phase[] = ['completed', 'open', 'held'];

/** See `postgresStore`. */
export class PostgresStore<Tx> implements contract.OperatorStore<PostgresTransactions<Tx>> {
  readonly name = 'postgres';
  readonly volatile = false;
  readonly outbox: PostgresOutbox<Tx>;
  readonly #connection: Connection<Tx>;
  readonly #maxResultBytes: number;
  readonly #watchers = new Watchers();
  readonly #feed: ChangeFeed;
  readonly #sweeper: Sweeper | undefined;

  constructor({ connection, listen, maxResultBytes, sweeps }: PostgresParts<Tx>) {
    const { runtime, names } = connection.parts;
    this.#connection = connection;
    this.outbox = new PostgresOutbox(connection);
    this.#maxResultBytes = maxResultBytes;
    this.#feed = new ChangeFeed({ listen, channel: names.channel, watchers: this.#watchers, runtime });
    this.#sweeper = sweeps ? new Sweeper(runtime, (limit) => this.sweep(limit)) : undefined;
  }

  claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    return records.claimRecord(this.#connection, request);
  }

  renew(request: contract.RenewRequest): Promise<boolean> {
    return records.renewRecord(this.#connection, request);
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    return this.#tell(request.id, await records.completeRecord(this.#connection, request, this.#maxResultBytes));
  }

  async release(request: contract.ReleaseRequest): Promise<boolean> {
    return this.#tell(request.id, await records.releaseRecord(this.#connection, request));
  }

  async abandon(request: contract.AbandonRequest): Promise<boolean> {
    return this.#tell(request.id, await records.abandonRecord(this.#connection, request));
  }

  saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    return records.saveRecordStep(this.#connection, request);
  }

  async transaction<T>(
    request: contract.RenewRequest,
    body: (handle: Tx) => contract.Transacted<T> | Promise<contract.Transacted<T>>,
  ): Promise<contract.TransactionOutcome<T>> {
    const tools = { connection: this.#connection, maxResultBytes: this.#maxResultBytes };
    return this.#tell(request.id, await runTransaction(tools, request, body));
  }

  watch(id: string, onChange: () => void): () => void {
    this.#feed.start();
    const stop = this.#watchers.watch(id, onChange);
    return () => {
      stop();
      if (this.#watchers.isEmpty) this.#feed.idle();
    };
  }

  async read(id: string): Promise<contract.StoredRecord | undefined> {
    const [row] = await this.#connection.run('read', [pack(id)]);
    if (row === undefined) return undefined;
    const [entry, nowMs] = [entryOf(row), numberIn(row, 'now')];
    return entry.expiresAtMs <= nowMs ? undefined : toReadRecord(entry, nowMs);
  }

  list(request: contract.ListRequest): Promise<contract.RecordPage> {
    return records.listRecords(this.#connection, request);
  }

  async resolve(request: contract.ResolveRequest): Promise<boolean> {
    const rows = await this.#resolve(request);
    return this.#tell(request.id, rows.length > 0);
  }

  async erase(principal: string): Promise<number> {
    let erased = 0;
    for (;;) {
      const rows = await this.#connection.run('erase', [pack(principal), eraseStepRows]);
      for (const row of rows) this.#watchers.notify(nameIn(row, 'id'));
      erased += rows.filter((row) => flagIn(row, 'live')).length;
      if (rows.length < eraseStepRows) return erased;
    }
  }

  async sweep(limit: number): Promise<number> {
    let swept = 0;
    for (const phase of phases)
      if (swept < limit) swept += (await this.#connection.run('sweep', [phase, limit - swept])).length;
    return swept;
  }

  async ping(): Promise<void> {
    await this.#connection.run('ping');
  }

  async now(): Promise<number> {
    const [row = {}] = await this.#connection.run('ping');
    return numberIn(row, 'now');
  }

  async close(): Promise<void> {
    this.#connection.close();
    this.#sweeper?.stop();
    this.#watchers.clear();
    await this.#feed.close();
  }

  #resolve({ id, token, resolution }: contract.ResolveRequest) {
    const owner = [pack(id), pack(token)];
    if (resolution.decision === 'forget') return this.#connection.run('resolve-forget', owner);
    if (resolution.decision === 'rerun')
      return this.#connection.run('resolve-rerun', [...owner, resolution.retentionMs]);
    const { kind, bytes } = resolution.result;
    return this.#connection.run('resolve-respond', [
      ...owner,
      kind,
      bytes,
      resolution.retentionMs,
      pack(resolvedToken),
    ]);
  }

  /** Waiters of this process are notified at once, without the server. */
  #tell<T>(id: string, outcome: T): T {
    this.#watchers.notify(id);
    return outcome;
  }
}
