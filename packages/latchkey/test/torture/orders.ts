/** Orders on three stores under 300 kills each: `orders.ts [--kills N] [--seed N] [--store NAME]`. */

import { parseArgs } from 'node:util';
import { type OrderStore, orderStores } from '../orders/backends.ts';
import { runOrderCrashes } from '../orders/order-crashes.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '300' }, seed: { type: 'string' }, store: { type: 'string' } },
});
const kills = Number(values.kills);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

/** A progress line, if the output is a terminal. */
function progress(store: OrderStore): (done: number) => void {
  return (done) => {
    if (process.stdout.isTTY)
      process.stdout.write(`\r${store}: ${done} of ${kills} kills${done === kills ? '\n' : ''}`);
  };
}

console.log(`seed ${seed}`);
const table = [];
for (const store of orderStores) {
  if (values.store !== undefined && values.store !== store) continue;
  const start = performance.now();
  const { violations, orders, completed, refused, charges, rows, retried } = await runOrderCrashes({
    store,
    kills,
    seed,
    onKill: progress(store),
  });
  for (const violation of violations) console.log(`${store}: ${violation}`);
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  table.push({
    ...{ store, kills, orders, completed },
    ...{ 'refused cleanly': refused, 'charges at the provider': charges, rows, violations: violations.length },
    ...{ 'asked more than once': retried, minutes },
  });
}
console.table(table);
process.exitCode = table.every(({ violations }) => violations === 0) ? 0 : 1;
