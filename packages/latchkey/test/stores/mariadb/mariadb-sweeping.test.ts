import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { mariadbStore, migrate } from '../../../src/stores/mariadb/index.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { adminPool } from './pools.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server with ten records, of which eight have expired. */
async function started(settings: readonly string[] = []) {
  const server: MariadbServer = await startMariadb(settings);
  const pool = adminPool(server, 5);
  ends.push(server.stop, () => pool.end());
  await migrate(pool);
  const store = mariadbStore({ client: pool, sweep: false });
  ends.push(() => store.close());
  for (let record = 0; record < 10; record += 1) {
    await store.claim(claimOf(`${record}`, 'a'));
    await store.complete(completionOf(`${record}`, 'a'));
  }
  await pool.query('UPDATE latchkey_records SET expires = 1 WHERE seq <= 8');
  return { pool, store };
}

describe.runIf(isSelected('mariadb'))('a sweep of MariaDB', () => {
  it('makes no claim, completion or replay wait while it is at work', async () => {
    const { pool, store } = await started();
    // It stops at the last row that it removes, with all its locks, until the test continues it.
    await pool.query(
      "CREATE TRIGGER hold BEFORE DELETE ON latchkey_records FOR EACH ROW IF OLD.seq = 5 THEN DO GET_LOCK('hold', 60); END IF",
    );
    const holder = await pool.getConnection();
    await holder.query("SELECT GET_LOCK('hold', 0)");
    let isSwept = false;
    const sweeping = store.sweep(5).finally(() => {
      isSwept = true;
    });
    const waiting = "SELECT id FROM information_schema.processlist WHERE state = 'User lock'";
    for (let found: unknown = []; Array.isArray(found) && found.length === 0; [found] = await pool.query(waiting))
      await pause(5);
    expect(await store.claim(claimOf('new', 'b'))).toMatchObject({ outcome: 'claimed' });
    expect(await store.complete(completionOf('new', 'b'))).toBe('completed');
    expect(await store.claim(claimOf('new', 'c'))).toMatchObject({ outcome: 'completed' });
    expect(isSwept).toBe(false);
    await holder.query("DO RELEASE_LOCK('hold')");
    holder.release();
    expect(await sweeping).toBe(5);
    expect(await store.sweep(50)).toBe(3);
  });

  it('works with a statement-based binary log too', async () => {
    const { store } = await started(['--log-bin', '--binlog-format=STATEMENT']);
    expect(await store.sweep(50)).toBe(8);
  });
});
