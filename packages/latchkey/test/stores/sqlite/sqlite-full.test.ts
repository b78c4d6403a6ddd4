import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idempotent } from '../../../src/function/idempotent.ts';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('an SQLite file at its size limit', () => {
  it.each(['refuse', 'rerun'] as const)(
    'stores the tombstone of an answer that does not fit, under %s',
    async (afterFailure) => {
      const database = new DatabaseSync(join(folder, 'full.db'));
      const store = sqliteStore({ database });
      let runs = 0;
      const print = idempotent(
        () => {
          runs += 1;
          return 'y'.repeat(60_000);
        },
        { store, name: 'print', key: (id: string) => id, afterFailure },
      );
      await print('first');
      const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
      database.exec(`PRAGMA max_page_count = ${pages + 5}`);
      expect(await print('second')).toHaveLength(60_000);
      await expect(print('second')).rejects.toMatchObject({ code: 'response-not-kept' });
      expect(runs).toBe(2);
      await store.close();
      database.close();
    },
  );
});
