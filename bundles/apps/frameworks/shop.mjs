// Shared by the applications in this folder: a store from the environment, and an order that is charged in one step. On
// request the process dies between the charge and the answer, once per order.

import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeFromUrl } from 'latchkey/store-from-url';

const { STORE_URL, SHOP_FOLDER } = process.env;

/** The options of every guard here; the caller reads the principal from its framework's request. */
export async function options(principal) {
  return {
    store: await storeFromUrl(STORE_URL),
    principal,
    key: { required: true },
    afterFailure: 'rerun',
    timing: { leaseMs: 1_000 },
  };
}

/** Charges once per operation, whatever the number of attempts. */
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

/** Prints the server's address for the tests. */
export function listening(port) {
  console.log(`port ${port}`);
}
