/**
 * Runs the store's statements: checks the schema before the first, repeats what collided with another transaction,
 * bounds every call, and says in the store's words what went wrong.
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

/** The version of the tables that this code is made for. */
const schemaVersion = 2;

/** How often a statement is tried that stood in another transaction's way. */
const tries = 5;

/** What a connection is made of. */
export interface ConnectionParts<Tx> {
  readonly bridge: PostgresBridge<Tx>;
  readonly names: Names;
  readonly runtime: Runtime;
  readonly callTimeoutMs: number;
}

/** The way to the server. */
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

  /** Runs a statement in a transaction; what the client throws is thrown on. */
  runIn(tx: Tx, name: StatementName, values: readonly PostgresValue[]): Promise<readonly Row[]> {
    return this.parts.bridge.query(tx, this.#statements[name], values);
  }

  /** Resolves once the schema is known to be one that this code may work with. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('The PostgreSQL store was closed.'));
    this.#checked ??= this.#check();
    return this.#checked;
  }

  /** Refuses every later call. */
  close(): void {
    this.#closed = true;
  }

  async #check(): Promise<void> {
    try {
      assertKnown((await this.#repeated('schema-version', ['text']))[0]);
    } catch (error) {
      // The next call looks again: the server may be up by then, or the migration done.
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
