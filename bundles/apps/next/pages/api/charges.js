// An API route of pages/, under the guard of latchkey/node. CHARGES names a file that gets a line per charge.

import { appendFileSync } from 'node:fs';
import { idempotency } from 'latchkey/node';
import { sqliteStore } from 'latchkey/sqlite';

const guard = idempotency({
  store: sqliteStore({ database: process.env.SQLITE_FILE ?? 'build.db' }),
  principal: (request) => request.headers['x-account'],
});

export default guard.wrap((request, response) => {
  const { item } = request.body;
  appendFileSync(process.env.CHARGES, `${item}\n`);
  response.status(201).json({ item, charge: crypto.randomUUID() });
});
