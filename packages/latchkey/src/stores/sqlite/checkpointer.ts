/**
 * Runs checkpoints in a worker thread. A checkpoint copies committed pages from the log into the database and waits
 * for the disk twice; on the connection that commits, that would block the event loop.
 *
 * @module
 */

import type { Worker } from 'node:worker_threads';
import type { SqliteDatabase } from './client.ts';

/** SQLite runs a checkpoint itself after this many pages of its log; so does the thread. */
const usualPages = 1_000;

const pageBytes = 4_096;

/**
 * SQLite restarts its log only when all of it has been copied, and commits continue while the thread copies. So the
 * log grows to this many times its usual size; then the connection that commits copies the small rest.
 */
const backstopTimes = 8;

/** A text, since bundlers would omit a second file. It must not create the database file if it was deleted. */
const threadCode = `
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
if (!process.getBuiltinModule('node:fs').existsSync(workerData)) throw new Error('The file is gone.');
const db = new DatabaseSync(workerData);
db.exec('PRAGMA busy_timeout = 5000');
const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
parentPort.on('message', () => parentPort.postMessage(checkpoint.all().length));
`;

/**
 * Starts a checkpoint after enough commits. If no thread can be started, or its checkpoint fails, SQLite keeps running
 * checkpoints itself.
 */
export class Checkpointer {
  readonly #db: SqliteDatabase;
  readonly #path: string;
  #isBackstopSet = false;
  #pages = 0;
  #state: 'idle' | 'busy' | 'off' = 'idle';
  #thread: Worker | undefined;

  /** @param path - the full path of the file. */
  constructor(db: SqliteDatabase, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** Counts a commit: its calls, and the bytes that they stored. */
  committed(calls: number, bytes: number): void {
    this.#pages += calls + bytes / pageBytes;
    if (this.#pages < usualPages || this.#state !== 'idle') return;
    this.#state = 'busy';
    this.#thread ??= this.#start();
    this.#thread?.postMessage('checkpoint');
  }

  /** Ends the thread after the running checkpoint. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#state = 'off';
    await thread?.terminate();
  }

  #start(): Worker | undefined {
    try {
      const { Worker } = process.getBuiltinModule('node:worker_threads');
      // Without the program's preloaded modules and settings, which may start a server or read the thread's arguments.
      const options = { eval: true, workerData: this.#path, execArgv: ['--no-warnings'], env: {} };
      const thread = new Worker(threadCode, options);
      thread.on('message', () => this.#checkpointed());
      thread.on('error', () => this.#giveUp());
      thread.on('exit', () => this.#giveUp());
      thread.unref();
      return thread;
    } catch {
      this.#giveUp();
      return undefined;
    }
  }

  #checkpointed(): void {
    if (this.#thread === undefined) return;
    this.#state = 'idle';
    // Counted from the end of a checkpoint, so that SQLite's own takes over if checkpoints take too long.
    this.#pages = 0;
    if (this.#isBackstopSet) return;
    this.#isBackstopSet = true;
    this.#setAutomatic(backstopTimes * usualPages);
  }

  #giveUp(): void {
    if (this.#state === 'off') return;
    this.#state = 'off';
    this.#thread = undefined;
    if (this.#isBackstopSet) this.#setAutomatic(usualPages);
  }

  #setAutomatic(pages: number): void {
    try {
      this.#db.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
    } catch {
      // The function of a transaction also has the handle and may have closed it.
    }
  }
}
