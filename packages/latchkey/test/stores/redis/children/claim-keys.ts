/**
 * Claims and completes keys in its own order, and prints those that it got. Arguments: the server's port, the client,
 * the number of keys, how often each, a seed.
 */

import { redisStore } from '../../../../src/stores/redis/index.ts';
import { seededFraction } from '../../../../src/testing/manual-clock.ts';
import { bytesOf, claimOf, completionOf } from '../../requests.ts';
import { singleClients } from '../clients.ts';

const [port = '0', clientName = '', keys = '0', duplicates = '0', seed = '0'] = process.argv.slice(2);
const fraction = seededFraction(Number(seed));
const connect = clientName === 'ioredis' ? singleClients.ioredis : singleClients['node-redis'];
const { client, end } = await connect(Number(port));
const store = redisStore({ client });
const claimed: [key: string, token: string][] = [];
const concurrency = 32;

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
await end();
process.stdout.write(JSON.stringify(claimed));
