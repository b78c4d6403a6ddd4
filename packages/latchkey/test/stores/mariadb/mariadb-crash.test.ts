import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbStore } from '../../../src/stores/mariadb/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type TestDatabase, testDatabase } from './database.ts';

const kills = 2;
const keysBetweenKills = 150;
const duplicates = 2;

/** Repeats a call, with the same token, until the store answers. */
async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (Reflect.get(Object(error), 'code') !== 'store-unavailable') throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe.runIf(isSelected('mariadb'))('MariaDB killed under load', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await testDatabase();
    pool = createPool({ ...database.server.admin, connectionLimit: 8 });
  });

  afterAll(async () => {
    await pool.end();
    await database.stop();
  });

  it('loses no acknowledged answer, and runs nothing twice', async () => {
    const store = mariadbStore({ client: pool });
    const acknowledged = new Map<string, string>();
    let next = 0;
    let last = keysBetweenKills;

    const work = async () => {
      while (next < last) {
        const key = `key-${Math.floor(next++ / duplicates)}`;
        const token = crypto.randomUUID();
        const { outcome } = await untilAnswered(() => store.claim(claimOf(key, token)));
        if (outcome !== 'claimed') continue;
        expect(acknowledged.has(key)).toBe(false);
        const result = { kind: 'value', bytes: bytesOf(token) } as const;
        const completed = await untilAnswered(() => store.complete({ ...completionOf(key, token), result }));
        expect(completed).toBe('completed');
        acknowledged.set(key, token);
      }
    };

    for (let kill = 0; kill < kills; kill += 1) {
      const half = next + keysBetweenKills / 2;
      last = next + keysBetweenKills;
      const working = Promise.all(Array.from({ length: 8 }, work));
      while (next < half) await new Promise((resolve) => setTimeout(resolve, 1));
      await database.server.kill();
      await database.server.restart();
      await working;
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual((kills * keysBetweenKills) / duplicates);
    for (const [key, token] of acknowledged) {
      const replay = await store.claim(claimOf(key, 'onlooker'));
      expect(replay.outcome === 'completed' && new TextDecoder().decode(replay.result.bytes)).toBe(token);
    }
    await store.close();
  });
});
