/** Resolves all lapsed records of a file in turn, and prints each id before it begins. */

import { operator } from '../../../src/operator/index.ts';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { ann, created } from '../records.ts';

const store = sqliteStore({ database: process.argv[2] ?? '' });
const people = operator({ store });
for (const { id, token } of (await people.list({ state: 'lapsed', limit: 1_000 })).records) {
  process.stdout.write(`${id}\n`);
  await people.resolve(id, token, created, ann);
}
process.stdout.write('done\n');
await store.close();
