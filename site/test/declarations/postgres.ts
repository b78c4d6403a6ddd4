/** A handler on a store whose transactions are asynchronous. */

import type { HttpContext } from 'latchkey';
import type { PostgresTransactions } from 'latchkey/postgres';

declare global {
  const context: HttpContext<PostgresTransactions<object>>;
}
