/**
 * Claims every key several times, and completes and prints the keys that it got. Arguments: the file, the number of
 * keys, how often each, a seed.
 */

import { sqliteStore } from '../../../../src/stores/sqlite/index.ts';
import { seededFraction } from '../../../../src/testing/manual-clock.ts';
import { bytesOf, claimOf, completionOf } from '../../requests.ts';

const [file = '', keys = '0', duplicates = '0', seed = '0'] = process.argv.slice(2);
const fraction = seededFraction(Number(seed));
const store = sqliteStore({ database: file, lockTimeoutMs: 30_000 });
const claimed: [key: string, token: string][] = [];
const concurrency = 16;

const queue = Array.from({ length: Number(keys) * Number(duplicates) }, (_, index) => `key-${index % Number(keys)}`)
  .map((key) => ({ key, order: fraction() }))
  .sort((a, b) => a.order - b.order);

async function work(): Promise<void> {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const token = crypto.randomUUID();
    const { outcome } = await store.claim(claimOf(next.key, token));
    if (outcome !== 'claimed') continue;
    claimed.push([next.key, token]);
    await store.complete({ ...completionOf(next.key, token), result: { kind: 'value', bytes: bytesOf(token) } });
  }
}

await Promise.all(Array.from({ length: concurrency }, work));
await store.close();
process.stdout.write(JSON.stringify(claimed));
