/**
 * Whether the file of a handle is still the one under its name. A file that was deleted or replaced goes on taking writes
 * through a handle that was open then, and all of them are gone with that handle.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type { SqliteDatabase } from './client.ts';
import { columnsOf } from './row.ts';

/** A look at the file costs some microseconds: it is taken this often at most, in milliseconds. */
const lookEveryMs = 1_000;

/** Looks now and then whether a file is still there. */
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
   * Once the file is missed every call looks for it, so that the store goes on as soon as it is back.
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

/** Undefined if it can't be told, as where the process may not look at files. */
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
