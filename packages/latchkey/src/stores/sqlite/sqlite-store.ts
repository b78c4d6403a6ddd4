/**
 * The store's methods; each adds work to the queue.
 *
 * @module
 */

import { AsyncResource } from 'node:async_hooks';
import type { Runtime } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import type { Entry } from '../record/entry.ts';
import * as owning from '../record/own-entry.ts';
import { readCursor } from '../shared/paging.ts';
import { Sweeper } from '../shared/sweeper.ts';
import { Watchers } from '../shared/watchers.ts';
import type { SqliteDatabase } from './client.ts';
import { CommitQueue, mustWrite } from './commit-queue.ts';
import type { Connection } from './connection.ts';
import { isBusy, toStoreError } from './errors.ts';
import { SqliteOutbox } from './outbox.ts';
import { Records } from './records.ts';
import { runTransaction } from './transaction.ts';

/** The transactions of an SQLite store: synchronous, on the store's own handle. */
export interface SqliteTransactions<Handle extends SqliteDatabase = SqliteDatabase> extends contract.TransactionKind {
  readonly handle: Handle;
  readonly mode: 'sync';
}

/** The parts of an {@link SqliteStore}. */
export interface SqliteParts<Handle extends SqliteDatabase> {
  readonly handle: Handle;
  readonly connection: Connection;
  readonly runtime: Runtime;
  readonly maxResultBytes: number;
  readonly lockTimeoutMs: number;
  /** Closes the handle, if it is the store's own. */
  readonly closeHandle: () => void;
}

/** Number of recent claims used to estimate the replay rate. */
const replayMemory = 64;

/** From this replay rate on, a claim first reads, which takes no write lock. */
const readFirstShare = 0.25;

/** Number of expired records removed in a separate commit; all other calls wait for it. */
const sweptAtOnce = 5;

/** Number of expired records removed with a completion, while there are many: more than are created, at any load. */
const sweptAlong = 2;

/** See `sqliteStore`. */
export class SqliteStore<Handle extends SqliteDatabase> implements contract.OperatorStore<SqliteTransactions<Handle>> {
  readonly name = 'sqlite';
  readonly volatile = false;
  readonly outbox: SqliteOutbox<Handle>;
  readonly #parts: SqliteParts<Handle>;
  readonly #queue: CommitQueue;
  readonly #sweeper: Sweeper;
  readonly #watchers = new Watchers();
  #openRecords: Records | undefined;
  #replayShare = 0;
  #hasManyExpired = false;
  #closed: Promise<void> | undefined;

  constructor(parts: SqliteParts<Handle>) {
    this.#parts = parts;
    this.#queue = new CommitQueue(parts.connection, parts.runtime, parts.lockTimeoutMs);
    this.outbox = new SqliteOutbox({ db: parts.connection.db, queue: this.#queue, runtime: parts.runtime });
    this.#tryToPrepare();
    this.#sweeper = new Sweeper(parts.runtime, (limit) => this.sweep(limit), sweptAtOnce);
  }

  claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    return this.#queue.run({
      write: (nowMs) => this.#records.claim(request, nowMs),
      read: (nowMs) => this.#records.answerClaim(request, nowMs) ?? mustWrite,
      readFirst: this.#replayShare > readFirstShare,
      bytes: request.request?.byteLength ?? 0,
      settled: ({ outcome }) => {
        this.#replayShare += (Number(outcome === 'completed') - this.#replayShare) / replayMemory;
      },
    });
  }

  renew(request: contract.RenewRequest): Promise<boolean> {
    return this.#change(request.id, (entry, nowMs) => owning.renewEntry(entry, request, nowMs));
  }

  complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    return this.#queue.run({
      write: (nowMs) => {
        const outcome = this.#records.complete(request, nowMs);
        if (this.#hasManyExpired) this.#sweep(sweptAlong, nowMs);
        return outcome;
      },
      bytes: request.result.bytes.byteLength,
      settled: () => this.#watchers.notify(request.id),
    });
  }

  release(request: contract.ReleaseRequest): Promise<boolean> {
    return this.#change(request.id, (entry, nowMs) => owning.releaseEntry(entry, request, nowMs));
  }

  abandon(request: contract.AbandonRequest): Promise<boolean> {
    return this.#change(request.id, (entry, nowMs) => owning.abandonEntry(entry, request, nowMs));
  }

  saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    return this.#change(request.id, (entry) => owning.saveStepInEntry(entry, request));
  }

  transaction<T>(
    request: contract.RenewRequest,
    body: (handle: Handle) => contract.Transacted<T>,
  ): Promise<contract.TransactionOutcome<T>> {
    const { connection, handle } = this.#parts;
    // It runs in turn, in the async context of its caller.
    const bound = AsyncResource.bind(() => body(handle));
    return this.#queue.run({
      alone: true,
      write: (nowMs) => runTransaction({ connection, records: this.#records, nowMs }, request, bound),
      settled: () => this.#watchers.notify(request.id),
    });
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.watch(id, onChange);
  }

  read(id: string): Promise<contract.StoredRecord | undefined> {
    return this.#read((nowMs) => this.#records.read(id, nowMs));
  }

  async list(request: contract.ListRequest): Promise<contract.RecordPage> {
    const cursor = readCursor(request, 2);
    return this.#read((nowMs) => this.#records.list(request, cursor, nowMs));
  }

  resolve(request: contract.ResolveRequest): Promise<boolean> {
    return this.#change(request.id, (entry, nowMs) => {
      const outcome = owning.resolveEntry(entry, request, nowMs);
      if (outcome === 'removed') this.#records.remove(request.id);
      return outcome !== 'refused';
    });
  }

  async erase(principal: string): Promise<number> {
    let erased = 0;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      const step = await this.#queue.run({ write: (nowMs) => this.#records.eraseStep(principal, from, nowMs) });
      for (const id of step.ids) this.#watchers.notify(id);
      erased += step.ids.length;
      after = step.next;
    }
    return erased;
  }

  sweep(limit: number): Promise<number> {
    return this.#queue.run({ write: (nowMs) => this.#sweep(limit, nowMs) });
  }

  async ping(): Promise<void> {
    await this.#read(() => this.#records.ping());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  get #records(): Records {
    this.#openRecords ??= new Records(this.#parts.connection.db, this.#parts.maxResultBytes);
    return this.#openRecords;
  }

  #sweep(limit: number, nowMs: number): number {
    const swept = this.#records.sweep(limit, nowMs);
    this.#hasManyExpired = swept === limit;
    return swept;
  }

  /** Reports a bad file at start-up. A lock is no error; the first call waits for it. */
  #tryToPrepare(): void {
    try {
      this.#parts.connection.prepare();
    } catch (error) {
      if (isBusy(error)) return;
      this.#parts.closeHandle();
      throw toStoreError(error);
    }
  }

  #read<T>(look: (nowMs: number) => T): Promise<T> {
    return this.#queue.run({ write: look, read: look, readFirst: true });
  }

  #change(id: string, transition: (entry: Entry, nowMs: number) => boolean): Promise<boolean> {
    return this.#queue.run({
      write: (nowMs) => {
        const entry = this.#records.find(id, nowMs);
        if (entry === undefined || !transition(entry, nowMs)) return false;
        this.#records.save(entry);
        return true;
      },
      settled: (changed) => {
        if (changed) this.#watchers.notify(id);
      },
    });
  }

  async #close(): Promise<void> {
    this.#sweeper.stop();
    await this.#queue.close();
    this.#watchers.clear();
    await this.#parts.connection.close();
    this.#parts.closeHandle();
  }
}
