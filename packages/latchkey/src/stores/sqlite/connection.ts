/**
 * One handle, its transactions, and the rule that the event loop never waits for another connection's lock.
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

/** A handle that is set up when it is first needed, and as soon as no lock is in the way. */
export class Connection {
  readonly db: SqliteDatabase;
  readonly #settings: DatabaseSettings;
  readonly #clock: Clock;
  #file: FileWatch | undefined;
  #checkpointer: Checkpointer | undefined;
  #boundaries: Boundaries | undefined;
  /** How long the user's own statements wait for a lock, in milliseconds; put back after ours. */
  #busyTimeoutMs = 0;
  #rollbackDue = false;

  constructor(db: SqliteDatabase, settings: DatabaseSettings, clock: Clock) {
    this.db = db;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Sets up what is not set up yet. Throws what SQLite throws if a lock is in the way. */
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
      // A lock in the way, or a transaction of the handle's user, is not ours to roll back.
      if (!isBusy(error)) this.rollback();
      throw error;
    }
  }

  /** Runs `read` on one consistent state of the database, without the write lock. */
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

  /** Commits what so many calls wrote, so many bytes of their callers among it; what it throws has been rolled back. */
  commit(calls = 1, bytes = 0): void {
    this.#end();
    this.#checkpointer?.committed(calls, bytes);
  }

  /** Rolls back, if SQLite hasn't done so by itself. A rollback that fails is made up for before anything else is done. */
  rollback(): void {
    try {
      this.db.exec('ROLLBACK');
      this.#rollbackDue = false;
    } catch (error) {
      this.#rollbackDue = !isNoTransaction(error);
    }
  }

  /** Ends what runs beside the handle; the handle itself stays open. */
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
