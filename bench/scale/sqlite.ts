import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from 'latchkey/sqlite';
import { copying, idOf, makeRecord, principalSeed, type Scaled, template } from './scaled.ts';

export async function scaledSqlite(): Promise<Scaled> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-scale-'));
  const database = new DatabaseSync(join(folder, 'scale.sqlite'));
  const store = sqliteStore({ database });
  database.function('digest', { deterministic: true }, (number) => Buffer.from(idOf(Number(number)), 'base64url'));
  await makeRecord(store, template);
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('latchkey_records') WHERE name <> 'seq'")
    .all()
    .map(({ name }) => String(name));
  const one = database.prepare('SELECT count(*) AS rows FROM latchkey_records');
  return {
    store,
    fill: async (from, to, expired = false) => {
      const changed = {
        id: 'digest(n)',
        principal: `digest(${principalSeed('n')})`,
        ...(expired && { expires: 't.created - 1' }),
      };
      database.exec(`
        WITH RECURSIVE s(n) AS (VALUES (${from}) UNION ALL SELECT n + 1 FROM s WHERE n < ${to - 1})
        ${copying(columns, changed, `latchkey_records AS t, s WHERE t.id = digest(${template})`)}`);
    },
    count: async () => Number(one.get()?.['rows']),
    stop: async () => {
      await store.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
