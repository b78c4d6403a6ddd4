import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from 'latchkey/sqlite';
import { pausableRuntime } from './pausable.ts';
import { copying, expiredAt, idOf, makeRecord, principalSeed, type Scaled, template } from './scaled.ts';

export async function scaledSqlite(): Promise<Scaled> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-scale-'));
  const database = new DatabaseSync(join(folder, 'scale.sqlite'));
  const sweeping = pausableRuntime();
  const store = sqliteStore({ database, runtime: sweeping.runtime });
  database.function('digest', { deterministic: true }, (number) => Buffer.from(idOf(Number(number)), 'base64url'));
  await makeRecord(store, template);
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('latchkey_records') WHERE name <> 'seq'")
    .all()
    .map(({ name }) => String(name));
  const one = database.prepare(
    `SELECT count(*) AS rows FROM latchkey_records WHERE state = 2 AND expires = ${expiredAt}`,
  );
  return {
    store,
    pauseSweeping: sweeping.pause,
    fill: async (from, to, expired = false) => {
      const changed = {
        id: 'digest(n)',
        principal: `digest(${principalSeed('n')})`,
        ...(expired && { expires: String(expiredAt) }),
      };
      database.exec(`
        WITH RECURSIVE s(n) AS (VALUES (${from}) UNION ALL SELECT n + 1 FROM s WHERE n < ${to - 1})
        ${copying(columns, changed, `latchkey_records AS t, s WHERE t.id = digest(${template})`)}`);
    },
    countExpired: async () => Number(one.get()?.['rows']),
    stop: async () => {
      await store.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
