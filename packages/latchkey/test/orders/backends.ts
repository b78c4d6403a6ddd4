/** The place of a shop's books and records: a file, or a server that is started for the run. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../servers/postgres-server.ts';
import { startRedis } from '../servers/redis-server.ts';
import { postgresBooks, preparePostgres } from './books/postgres.ts';
import { redisBooks } from './books/redis.ts';
import type { Books } from './books/shop.ts';
import { sqliteBooks } from './books/sqlite.ts';

export const orderStores = ['sqlite', 'postgres', 'redis'] as const;
export type OrderStore = (typeof orderStores)[number];

export interface Backend {
  /** The worker's settings for it. */
  readonly place: string;
  books(): Promise<Books>;
  stop(): Promise<void>;
}

export const startBackend: Readonly<Record<OrderStore, () => Promise<Backend>>> = {
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-orders-'));
    const file = join(folder, 'shop.sqlite');
    return {
      place: file,
      books: () => sqliteBooks(file),
      stop: async () => rmSync(folder, { recursive: true }),
    };
  },
  async postgres() {
    const server = await startPostgres();
    await preparePostgres(server.url);
    return { place: server.url, books: () => postgresBooks(server.url), stop: () => server.stop() };
  },
  async redis() {
    const server = await startRedis();
    return { place: String(server.port), books: () => redisBooks(server.port), stop: () => server.stop() };
  },
};
