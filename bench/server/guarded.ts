import type { IncomingMessage, RequestListener } from 'node:http';
import { join } from 'node:path';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';
import { sqliteStore } from 'latchkey/sqlite';
import type { Row } from '../rows.ts';
import { handler } from './handler.ts';

export interface Guarded {
  readonly listener: RequestListener;
  close(): Promise<void>;
}

/** The handler behind the store that a row names, or behind none. */
export function guarded(store: Row['store'], folder: string): Guarded {
  if (store === 'none') return { listener: handler, close: async () => {} };
  const records =
    store === 'memory'
      ? memoryStore({ maxRecords: 5_000_000, maxBytes: 2 ** 33 })
      : sqliteStore({ database: join(folder, 'bench.sqlite') });
  const principal = (request: IncomingMessage) => request.headers['x-account']?.toString();
  const guard = idempotency({ store: records, principal, log: false });
  return { listener: guard.wrap(handler), close: () => records.close() };
}
