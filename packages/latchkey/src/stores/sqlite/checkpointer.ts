/**
 * Checkpoints in a thread of their own. SQLite copies what was committed from its log into the database now and then, and
 * waits for the disk twice: on the connection that commits, that would stop the event loop.
 *
 * @module
 */

import type { Worker } from 'node:worker_threads';
import type { SqliteDatabase } from './client.ts';

/** After so many pages of its log SQLite makes a checkpoint by itself; the thread is given as many. */
const usualPages = 1_000;

const pageBytes = 4_096;

/**
 * SQLite restarts its log only when all of it has been copied, and commits go on while the thread copies. So the log
 * grows to this many times its usual size; then the connection that commits copies the little that is left.
 */
const backstopTimes = 8;

/** A text, so that bundlers have no second file to lose. It must not create the file if that was taken away. */
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
 * Begins a checkpoint whenever enough was committed. Where no thread can be made, or its checkpoint fails, SQLite goes
 * on making checkpoints by itself.
 */
export class Checkpointer {
  readonly #db: SqliteDatabase;
  readonly #path: string;
  #isBackstopSet = false;
  #pages = 0;
  #state: 'idle' | 'busy' | 'off' = 'idle';
  #thread: Worker | undefined;

  /** @param path - of the file, in full. */
  constructor(db: SqliteDatabase, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** Notes a commit of so many calls, which stored so many bytes of their callers. */
  committed(calls: number, bytes: number): void {
    this.#pages += calls + bytes / pageBytes;
    if (this.#pages < usualPages || this.#state !== 'idle') return;
    this.#state = 'busy';
    this.#thread ??= this.#start();
    this.#thread?.postMessage('checkpoint');
  }

  /** Ends the thread; a checkpoint that is under way is finished first. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#state = 'off';
    await thread?.terminate();
  }

  #start(): Worker | undefined {
    try {
      const { Worker } = process.getBuiltinModule('node:worker_threads');
      // None of the program's own preloaded modules and settings: they may start a server, or read this thread's arguments.
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
    // Counted from the end, which gives the backstop its turn however long a checkpoint takes.
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
      // The function of a transaction has the handle too, and may have closed it.
    }
  }
}
