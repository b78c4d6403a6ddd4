/**
 * One handle and its transactions. The event loop never waits for another connection's lock.
 *
 * @module
 */

import type { Clock } from '../../core/runtime.ts';
import { Checkpointer } from './checkpointer.ts';
import { pragma, type SqliteDatabase, type SqliteStatement } from './client.ts';
import { isBusy, isNoTransaction } from './errors.ts';
import { FileWatch, pathOf } from './file-watch.ts';
import { type DatabaseSettings, prepareDatabase } from './migrations.ts';
import { wholeNumber } from './row.ts';

interface Boundaries {
  readonly begin: SqliteStatement;
  readonly beginRead: SqliteStatement;
  readonly commit: SqliteStatement;
}

/** A handle that is set up on first use, as soon as no lock prevents it. */
export class Connection {
  readonly db: SqliteDatabase;
  readonly #settings: DatabaseSettings;
  readonly #clock: Clock;
  #file: FileWatch | undefined;
  #checkpointer: Checkpointer | undefined;
  #boundaries: Boundaries | undefined;
  /** The user's own lock timeout in milliseconds; it is restored after the store's statements. */
  #busyTimeoutMs = 0;
  #rollbackDue = false;

  constructor(db: SqliteDatabase, settings: DatabaseSettings, clock: Clock) {
    this.db = db;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Sets up the handle if needed. Throws SQLite's error if a lock prevents it. */
  prepare(): void {
    if (this.#boundaries !== undefined) return;
    this.#busyTimeoutMs = wholeNumber(pragma(this.db, 'busy_timeout'));
    this.#withoutWaiting(() => prepareDatabase(this.db, this.#settings));
    const path = pathOf(this.db);
    this.#file = new FileWatch(path, this.#clock);
    if (this.#settings.isOwnFile) this.#checkpointer = new Checkpointer(this.db, path);
    this.#boundaries = {
      begin: this.db.prepare('BEGIN IMMEDIATE'),
      beginRead: this.db.prepare('BEGIN'),
      commit: this.db.prepare('COMMIT'),
    };
  }

  /** Begins a transaction that holds the write lock. */
  begin(): void {
    this.#file?.check();
    try {
      this.#withoutWaiting(() => this.#ready().begin.run());
    } catch (error) {
      // After a failed BEGIN there is nothing to roll back: there was a lock, or a transaction of the handle's user.
      if (!isBusy(error)) this.rollback();
      throw error;
    }
  }

  /** Runs `read` on a consistent state of the database, without the write lock. */
  reading<T>(read: () => T): T {
    this.#file?.check();
    return this.#withoutWaiting(() => {
      this.#ready().beginRead.run();
      try {
        return read();
      } finally {
        this.#end();
      }
    });
  }

  /** Commits the writes of a group; the arguments are its calls and their bytes. If it throws, everything was rolled back. */
  commit(calls = 1, bytes = 0): void {
    this.#end();
    this.#checkpointer?.committed(calls, bytes);
  }

  /** Rolls back, unless SQLite has done so itself. A failed rollback is repeated before the next transaction. */
  rollback(): void {
    try {
      this.db.exec('ROLLBACK');
      this.#rollbackDue = false;
    } catch (error) {
      this.#rollbackDue = !isNoTransaction(error);
    }
  }

  /** Ends the checkpoint thread; the handle itself stays open. */
  async close(): Promise<void> {
    await this.#checkpointer?.close();
  }

  #end(): void {
    try {
      this.#ready().commit.run();
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  #ready(): Boundaries {
    this.prepare();
    if (this.#rollbackDue) this.rollback();
    if (this.#boundaries === undefined) throw new TypeError('The connection is prepared.');
    return this.#boundaries;
  }

  #withoutWaiting<T>(work: () => T): T {
    if (this.#busyTimeoutMs === 0) return work();
    this.db.exec('PRAGMA busy_timeout = 0');
    try {
      return work();
    } finally {
      this.db.exec(`PRAGMA busy_timeout = ${this.#busyTimeoutMs}`);
    }
  }
}
