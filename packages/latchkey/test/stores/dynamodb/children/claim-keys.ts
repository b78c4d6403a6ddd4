/**
 * Claims every key several times, and completes and prints the keys that it got. Arguments: the server's port, the
 * table, the number of keys, how often each, a seed, the error of this process's clock in milliseconds.
 */

import { systemRuntime } from '../../../../src/core/runtime.ts';
import { dynamodbStore } from '../../../../src/stores/dynamodb/index.ts';
import { seededFraction } from '../../../../src/testing/manual-clock.ts';
import { clientOf } from '../../../servers/dynamodb-local.ts';
import { bytesOf, claimOf, completionOf } from '../../requests.ts';

const [port = '', table = '', keys = '0', duplicates = '0', seed = '0', skewMs = '0'] = process.argv.slice(2);
const fraction = seededFraction(Number(seed));
const client = clientOf(Number(port));
const clock = { ...systemRuntime.clock, now: () => Date.now() + Number(skewMs) };
const store = dynamodbStore({ client, table, callTimeoutMs: 60_000, runtime: { ...systemRuntime, clock } });
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
client.destroy();
process.stdout.write(JSON.stringify(claimed));
