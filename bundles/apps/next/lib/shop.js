// The orders of the pages: ORDERS names a file that gets a line per order.

import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { sqliteStore } from 'latchkey/sqlite';
import { cookies } from 'next/headers';

export const store = sqliteStore({ database: process.env.SQLITE_FILE ?? 'build.db' });

export const currentBuyer = async () => (await cookies()).get('buyer')?.value;

/** A slow order takes long enough for a second click, a reload or a disconnect; an order of a gift sets a cookie at its end. */
export async function order(item) {
  const buyer = await currentBuyer();
  if (item.startsWith('slow')) await pause(1_500);
  appendFileSync(process.env.ORDERS, `${buyer} ${item}\n`);
  if (item.endsWith('gift')) (await cookies()).set('gift', crypto.randomUUID());
}
