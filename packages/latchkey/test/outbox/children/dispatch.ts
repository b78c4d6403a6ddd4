/**
 * A dispatcher in a separate process, until standard input ends. Prints `up`, then `begin <id> <attempts>` at each
 * delivery, and `end <id>` after it; a delivery with `hang` never ends. Arguments: the store's URL, the lease in
 * milliseconds, `hang` or a duration in milliseconds.
 */

import { sleep, systemRuntime } from '../../../src/core/runtime.ts';
import { dispatcher } from '../../../src/outbox/index.ts';
import { storeFromUrl } from '../../../src/stores/store-from-url/index.ts';

const [url = '', leaseMs = '0', manner = '0'] = process.argv.slice(2);
const store = await storeFromUrl(url);
const running = dispatcher({
  store,
  leaseMs: Number(leaseMs),
  pollMs: 5,
  maxPollMs: 50,
  concurrency: 4,
  deliver: async ({ id, attempts }) => {
    process.stdout.write(`begin ${id} ${attempts}\n`);
    if (manner === 'hang') await new Promise(() => {});
    await sleep(systemRuntime.timers, Number(manner));
    process.stdout.write(`end ${id}\n`);
  },
});
process.stdout.write('up\n');
process.stdin.resume();
process.stdin.once('end', async () => {
  await running.close();
  await store.close();
});
