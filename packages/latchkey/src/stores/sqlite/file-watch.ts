/**
 * Checks that the file of a handle still exists under its name. An open handle keeps writing to a file that was
 * deleted or replaced, and all of these writes are lost with the handle.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type { SqliteDatabase } from './client.ts';
import { columnsOf } from './row.ts';

/** Minimum time between two checks, in milliseconds; a check costs some microseconds. */
const lookEveryMs = 1_000;

/** Checks from time to time that a file still exists. */
export class FileWatch {
  readonly #path: string;
  readonly #identity: string | undefined;
  readonly #clock: Clock;
  #lookAt: number;

  /** @param path - see {@link pathOf}. */
  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#identity = identityOf(path);
    this.#clock = clock;
    this.#lookAt = clock.monotonic() + lookEveryMs;
  }

  /**
   * While the file is missing, every call checks for it, so the store continues as soon as it is back.
   *
   * @throws StoreUnavailableError if the file was deleted, moved or replaced.
   */
  check(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#identity === undefined || nowMs < this.#lookAt) return;
    const found = identityOf(this.#path);
    if (found !== undefined && found !== this.#identity) throw gone();
    this.#lookAt = nowMs + lookEveryMs;
  }
}

/** The full path of a handle's file; empty if it has none. */
export function pathOf(db: SqliteDatabase): string {
  const main = db.prepare('PRAGMA database_list').all().map(columnsOf);
  return String(main.find((column) => column('name') === 'main')?.('file') ?? '');
}

/** Undefined if unknown, for example if the process may not read the folder. */
function identityOf(path: string): string | undefined {
  if (path === '') return undefined;
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'none' : `${stat.dev} ${stat.ino}`;
  } catch {
    return undefined;
  }
}

function gone(): StoreUnavailableError {
  return new StoreUnavailableError(
    'The SQLite file was deleted, moved or replaced while this process had it open. Restart the process.',
  );
}
