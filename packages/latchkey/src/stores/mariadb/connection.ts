/**
 * Runs statements on connections of the pool. A call that exceeds its time limit fails, and its connection is closed,
 * since a statement may still be running on it.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { StoreUnavailableError } from '../../core/errors.ts';
import { type Runtime, sleep } from '../../core/runtime.ts';
import type { MariadbConnection, MariadbPool } from './client.ts';
import { isContention, toStoreError } from './errors.ts';
import type { MariadbValue, Statement } from './statements.ts';

/** The inputs of a statement by name. */
export type Inputs = Readonly<Record<string, MariadbValue | string>>;

/** The result of a statement: rows, or a count. */
export interface Answer {
  readonly rows: readonly unknown[];
  readonly affected: number;
}

/** Number of attempts for a statement that lost a deadlock or waited too long for a lock. */
const mostTries = 5;
const pauseMs = 10;

/** Runs statements on the pool within time limits. */
export class Connection<Handle extends MariadbConnection = MariadbConnection> {
  readonly #pool: MariadbPool<Handle>;
  readonly #runtime: Runtime;
  readonly #callTimeoutMs: number;
  #isClosed = false;

  constructor(pool: MariadbPool<Handle>, runtime: Runtime, callTimeoutMs: number) {
    this.#pool = pool;
    this.#runtime = runtime;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /** Makes every later call reject. The user's pool stays open. */
  close(): void {
    this.#isClosed = true;
  }

  /** Runs a statement on any connection. Errors of contention are thrown as the server sends them. */
  async runOnce(statement: Statement, inputs: Inputs): Promise<Answer> {
    const handle = await this.acquire();
    try {
      return await this.runOn(handle, statement, inputs);
    } finally {
      handle.release();
    }
  }

  /** Runs a statement on any connection; repeats it if it lost a deadlock or waited too long for a lock. */
  run(statement: Statement, inputs: Inputs = {}): Promise<Answer> {
    return this.retry(() => this.runOnce(statement, inputs));
  }

  /**
   * Repeats `work` while it fails because of contention, up to a limit.
   *
   * @throws StoreUnavailableError.
   */
  async retry<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (!isContention(error) || tries === mostTries) throw toStoreError(error);
        await this.pause(tries);
      }
    }
  }

  /** Waits, longer after each attempt. */
  pause(tries: number): Promise<void> {
    const { timers, random } = this.#runtime;
    return sleep(timers, pauseMs * tries * random.fraction());
  }

  /** A connection of the pool, which the caller has to release. One that arrives too late is released at once. */
  async acquire(): Promise<Handle> {
    if (this.#isClosed) throw new StoreUnavailableError('The MariaDB store is closed.');
    const pending = this.#pool.getConnection();
    const giveBack = () => void pending.then((handle) => handle.release()).catch(() => {});
    return this.#inTime(pending, 'The pool had no free connection', giveBack);
  }

  /** Runs a statement on this connection. */
  async runOn(handle: MariadbConnection, statement: Statement, inputs: Inputs): Promise<Answer> {
    const pending = handle.execute({
      sql: statement.sql,
      values: statement.inputs.map((name) => sqlValue(inputs[name])),
      rowsAsArray: false,
      nestTables: false,
      typeCast: (_, next) => next(),
      namedPlaceholders: false,
    });
    return answerOf(await this.#inTime(pending, 'MariaDB did not answer', () => handle.destroy()));
  }

  async #inTime<T>(pending: Promise<T>, complaint: string, giveUp: () => void): Promise<T> {
    const { timers } = this.#runtime;
    let timer: unknown;
    const late = new Promise<never>((_, reject) => {
      timer = timers.set(() => {
        giveUp();
        reject(new StoreUnavailableError(`${complaint} within ${this.#callTimeoutMs} ms.`));
      }, this.#callTimeoutMs);
    });
    try {
      return await Promise.race([pending, late]);
    } finally {
      timers.clear(timer);
    }
  }
}

function sqlValue(value: MariadbValue | string | undefined): MariadbValue {
  if (typeof value === 'string') return Buffer.from(value);
  return value ?? null;
}

/** A block of statements returns a list of results, whose last rows count; a single statement returns its own. */
function answerOf(result: unknown): Answer {
  const [first] = Array.isArray(result) ? result : [undefined];
  if (!Array.isArray(first)) return { rows: [], affected: affectedRows(first) };
  return { rows: first.findLast(Array.isArray) ?? first, affected: 0 };
}

function affectedRows(header: unknown): number {
  const isHeader = typeof header === 'object' && header !== null && 'affectedRows' in header;
  return isHeader && typeof header.affectedRows === 'number' ? header.affectedRows : 0;
}
