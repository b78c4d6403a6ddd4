/**
 * Claims and completes keys in turn, and prints each once it is stored. Never closes the store. Arguments: the file,
 * the first part of the keys, how many.
 */

import { sqliteStore } from '../../../../src/stores/sqlite/index.ts';
import { claimOf, completionOf } from '../../requests.ts';

const [file = '', prefix = '', count = '0'] = process.argv.slice(2);
const store = sqliteStore({ database: file });
const text = 'x'.repeat(100_000);

for (let number = 0; number < Number(count); number += 1) {
  const key = `${prefix}-${number}`;
  await store.claim(claimOf(key, 'a'));
  await store.complete(completionOf(key, 'a', text));
  process.stdout.write(`${key}\n`);
}
