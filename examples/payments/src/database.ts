import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Opens the one database of the example; records and charges share it, so that they can share a commit. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  return new DatabaseSync(join(folder, 'payments.sqlite'));
}
