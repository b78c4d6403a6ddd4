import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Opens the example's database, which records and charges share, so that they can share a commit. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  return new DatabaseSync(join(folder, 'payments.sqlite'));
}
