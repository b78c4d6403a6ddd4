import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience } from '../../servers/patience.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { outputOf, spawnChild } from '../sqlite/children/spawn-child.ts';
import { pgClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

const keys = 500;
const duplicates = 8;
const clients = ['pg', 'pg', 'postgres.js', 'postgres.js'] as const;

let database: TestDatabase;

describe.runIf(isSelected('postgres'))('many processes and a server that dies', { timeout: patience(180_000) }, () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  it('claim every key exactly once', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`SEED=${seed}`);
    const { href } = new URL('children/claim-keys.ts', import.meta.url);
    const share = String(duplicates / clients.length);
    const children = clients.map((client, index) =>
      spawnChild(href, [database.server.url, client, String(keys), share, String(seed + index)]),
    );
    const outputs = await Promise.all(children.map(outputOf));
    const claimed = outputs.flatMap((output): [string, string][] => JSON.parse(output));
    expect(claimed).toHaveLength(keys);
    expect(new Set(claimed.map(([key]) => key)).size).toBe(keys);
    const client = pgClient(database.server.url);
    const store = client.store({ sweep: false });
    for (const [key, token] of claimed)
      expect(new TextDecoder().decode((await store.read(key))?.result?.bytes)).toBe(token);
    await store.close();
    await client.close();
  });

  it('lose no acknowledged answer when the server is killed and started again', async () => {
    const client = pgClient(database.server.url);
    const store = client.store({ sweep: false, callTimeoutMs: 5_000 });
    const acknowledged = new Map<string, string>();
    let number = 0;
    let over = false;
    const work = async () => {
      while (!over) {
        number += 1;
        const [key, token] = [`run-${number}`, crypto.randomUUID()];
        const done = await runOnce(store, key, token).catch(() => false);
        if (done) acknowledged.set(key, token);
        else await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const workers = Array.from({ length: 8 }, work);
    for (let kill = 0; kill < 2; kill += 1) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size - before, { timeout: patience(60_000) }).toBeGreaterThan(100);
      await database.server.kill();
      await database.server.restart();
    }
    const before = acknowledged.size;
    await expect.poll(() => acknowledged.size - before, { timeout: patience(60_000) }).toBeGreaterThan(100);
    over = true;
    await Promise.all(workers);
    for (const [key, token] of acknowledged) {
      const outcome = await store.claim(claimOf(key, 'later'));
      expect(outcome.outcome).toBe('completed');
      if (outcome.outcome === 'completed') expect(new TextDecoder().decode(outcome.result.bytes)).toBe(token);
    }
    await store.close();
    await client.close();
  });
});

async function runOnce(
  store: ReturnType<ReturnType<typeof pgClient>['store']>,
  key: string,
  token: string,
): Promise<boolean> {
  if ((await store.claim(claimOf(key, token))).outcome !== 'claimed') return false;
  const result = { kind: 'value', bytes: bytesOf(token) } as const;
  return (await store.complete({ ...completionOf(key, token), result })) === 'completed';
}
