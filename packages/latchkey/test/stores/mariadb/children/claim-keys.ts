/**
 * Claims every key several times, and completes and prints the keys that it got. Arguments: the server's port, the
 * number of keys, how often each, a seed.
 */

import { seededFraction } from '../../../../src/testing/manual-clock.ts';
import { bytesOf, claimOf, completionOf } from '../../requests.ts';
import { connect } from './connect.ts';

const [port = '', keys = '0', duplicates = '0', seed = '0'] = process.argv.slice(2);
const fraction = seededFraction(Number(seed));
const { store, end } = connect(port);
const claimed: [key: string, token: string][] = [];
const concurrency = 8;

/** All processes use nearly the same order of keys, so that they compete. */
const queue = Array.from({ length: Number(keys) * Number(duplicates) }, (_, index) => index)
  .map((index) => ({ key: `key-${index % Number(keys)}`, order: (index % Number(keys)) + 10 * fraction() }))
  .sort((a, b) => b.order - a.order);

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
await end();
process.stdout.write(JSON.stringify(claimed));
