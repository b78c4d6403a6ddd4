/**
 * Runs statements on connections of the pool. A call that can't be done in time fails, and its connection is closed:
 * nobody must get one on which a statement is still under way.
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

/** What a statement gave: rows, or a count. */
export interface Answer {
  readonly rows: readonly unknown[];
  readonly affected: number;
}

/** How often a statement is tried that lost a deadlock or waited too long for a lock. */
const mostTries = 5;
const pauseMs = 10;

/** The pool, with bounds on everything. */
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

  /** Makes every later call reject; the pool is the user's, and stays open. */
  close(): void {
    this.#isClosed = true;
  }

  /** Runs a statement on any connection. Contention is thrown as the server says it. */
  async runOnce(statement: Statement, inputs: Inputs): Promise<Answer> {
    const connection = await this.acquire();
    try {
      return await this.runOn(connection, statement, inputs);
    } finally {
      connection.release();
    }
  }

  /** Runs a statement on any connection, again if it lost a deadlock or waited too long for a lock. */
  run(statement: Statement, inputs: Inputs = {}): Promise<Answer> {
    return this.retry(() => this.runOnce(statement, inputs));
  }

  /**
   * Repeats `work` while it fails for contention, within a bound.
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

  /** Waits a little, longer after more tries. */
  pause(tries: number): Promise<void> {
    const { timers, random } = this.#runtime;
    return sleep(timers, pauseMs * tries * random.fraction());
  }

  /** A connection of the pool, to be released; one that comes too late goes back at once. */
  async acquire(): Promise<Handle> {
    if (this.#isClosed) throw new StoreUnavailableError('The MariaDB store is closed.');
    const pending = this.#pool.getConnection();
    const giveBack = () => void pending.then((connection) => connection.release()).catch(() => {});
    return this.#inTime(pending, 'The pool had no free connection', giveBack);
  }

  /** Runs a statement on this connection. */
  async runOn(connection: MariadbConnection, statement: Statement, inputs: Inputs): Promise<Answer> {
    const pending = connection.execute({
      sql: statement.sql,
      values: statement.inputs.map((name) => sqlValue(inputs[name])),
      rowsAsArray: false,
      nestTables: false,
      typeCast: (_, next) => next(),
      namedPlaceholders: false,
    });
    return answerOf(await this.#inTime(pending, 'MariaDB did not answer', () => connection.destroy()));
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

/** A block of statements gives a list of results, the last rows among which count; a single one just its own. */
function answerOf(result: unknown): Answer {
  const [first] = Array.isArray(result) ? result : [undefined];
  if (!Array.isArray(first)) return { rows: [], affected: affectedRows(first) };
  return { rows: first.findLast(Array.isArray) ?? first, affected: 0 };
}

function affectedRows(header: unknown): number {
  const isHeader = typeof header === 'object' && header !== null && 'affectedRows' in header;
  return isHeader && typeof header.affectedRows === 'number' ? header.affectedRows : 0;
}
