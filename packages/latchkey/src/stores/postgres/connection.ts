/**
 * Runs the store's statements: checks the schema before the first one, repeats statements that conflicted with another
 * transaction, limits the time of every call, and maps errors to those of the store.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import { withTimeLimit } from '../../core/support/store-call.ts';
import type { PostgresBridge, PostgresValue } from './bridges/bridge.ts';
import { isConflict, schemaMissing, toStoreError } from './errors.ts';
import type { Names } from './names.ts';
import { checkProbe, numberIn, type Row } from './row.ts';
import { type StatementName, type Statements, statementsFor } from './statements.ts';

/** The version of the tables that this code needs. */
const schemaVersion = 2;

/** Number of attempts for a statement that conflicts with another transaction. */
const tries = 5;

/** The parts of a {@link Connection}. */
export interface ConnectionParts<Tx> {
  readonly bridge: PostgresBridge<Tx>;
  readonly names: Names;
  readonly runtime: Runtime;
  readonly callTimeoutMs: number;
}

/** Runs statements on the server. */
export class Connection<Tx> {
  readonly parts: ConnectionParts<Tx>;
  readonly #statements: Statements;
  #checked: Promise<void> | undefined;
  #closed = false;

  constructor(parts: ConnectionParts<Tx>) {
    this.parts = parts;
    this.#statements = statementsFor(parts.names);
  }

  /**
   * Runs a statement by itself.
   *
   * @throws LatchkeyError `store-unavailable`, `schema-missing`, `schema-mismatch`.
   */
  async run(name: StatementName, values: readonly PostgresValue[] = []): Promise<readonly Row[]> {
    await this.ready();
    return this.#repeated(name, values);
  }

  /** Runs a statement in a transaction; errors of the client are rethrown. */
  runIn(tx: Tx, name: StatementName, values: readonly PostgresValue[]): Promise<readonly Row[]> {
    return this.parts.bridge.query(tx, this.#statements[name], values);
  }

  /** Resolves once the schema is known to be compatible with this code. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('The PostgreSQL store was closed.'));
    this.#checked ??= this.#check();
    return this.#checked;
  }

  /** Makes every later call reject. */
  close(): void {
    this.#closed = true;
  }

  async #check(): Promise<void> {
    try {
      assertKnown((await this.#repeated('schema-version', ['text']))[0]);
    } catch (error) {
      // The next call checks again: the server may be available by then, or the migration applied.
      this.#checked = undefined;
      throw error;
    }
  }

  async #repeated(name: StatementName, values: readonly PostgresValue[]): Promise<readonly Row[]> {
    const { bridge, runtime, callTimeoutMs } = this.parts;
    for (let left = tries - 1; ; left -= 1) {
      try {
        return await withTimeLimit(runtime, callTimeoutMs, bridge.query(undefined, this.#statements[name], values));
      } catch (error) {
        if (left === 0 || !isConflict(error)) throw toStoreError(error);
      }
    }
  }
}

function assertKnown(row: Row | undefined): void {
  if (row === undefined) throw schemaMissing();
  checkProbe(row);
  const [version, readableBy] = [numberIn(row, 'version'), numberIn(row, 'readableby')];
  if (readableBy <= schemaVersion && version >= schemaVersion) return;
  const advice =
    version < schemaVersion
      ? 'Apply the missing migrations(), or call migrate() when you deploy.'
      : 'Update the application.';
  throw new LatchkeyError(
    'schema-mismatch',
    `The tables of the PostgreSQL store must have version ${schemaVersion}; got ${version}. ${advice}`,
  );
}
