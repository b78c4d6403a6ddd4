// What the applications of this folder have in common: a store from the environment, and an order that is charged in one
// step. Asked to, the process dies between the charge and the answer, once for each order.

import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeFromUrl } from 'latchkey/store-from-url';

const { STORE_URL, SHOP_FOLDER } = process.env;

/** The options of every guard here, for principals that the caller finds in its framework's request. */
export async function options(principal) {
  return {
    store: await storeFromUrl(STORE_URL),
    principal,
    key: { required: true },
    afterFailure: 'rerun',
    timing: { leaseMs: 1_000 },
  };
}

/** Charges once for each operation, however often it is attempted. */
export async function placeOrder(context, { item, dies }) {
  const charge = await context.step('charge', ({ idempotencyKey }) => {
    appendFileSync(join(SHOP_FOLDER, 'charges'), `${item}\n`);
    return { id: `ch_${idempotencyKey.slice(0, 8)}` };
  });
  const diedBefore = join(SHOP_FOLDER, `died-${item}`);
  if (dies && !existsSync(diedBefore)) {
    writeFileSync(diedBefore, '');
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  }
  return { item, charge: charge.id };
}

/** Tells the tests where the server listens. */
export function listening(port) {
  console.log(`port ${port}`);
}
