import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import BetterSqlite from 'better-sqlite3';
import type { SqliteDatabase } from '../../../src/stores/sqlite/index.ts';

/** A handle of either driver, and how to close it. */
export type Handle = SqliteDatabase & { close(): unknown };

/** The drivers that every test of the store runs on. */
export const drivers: Readonly<Record<string, (path: string) => Handle>> = {
  'node:sqlite': (path) => new DatabaseSync(path),
  'better-sqlite3': (path) => new BetterSqlite(path),
};

/** A folder for one test. */
export async function temporaryFolder(): Promise<{ path(name: string): string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-sqlite-'));
  return { path: (name) => join(folder, name), remove: () => rm(folder, { recursive: true, force: true }) };
}
