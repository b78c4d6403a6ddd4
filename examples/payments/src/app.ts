import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { apiErrors, unknownRoute } from './api/api-errors.ts';
import { apiGuard, chargeRoutes } from './api/charge-routes.ts';
import { openCharges } from './charges.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { closeConnection, createDisasters } from './demo/disasters.ts';
import { openMetrics } from './metrics.ts';
import { cardProvider } from './orders/card-provider.ts';
import { openOrderBook } from './orders/order-book.ts';
import { openProgress } from './orders/order-progress.ts';
import { orderGuard, orderRoutes } from './orders/order-routes.ts';
import { openRecords } from './records.ts';
import { referenceRoutes } from './reference/reference-routes.ts';
import { EventStreams } from './shop/event-streams.ts';
import { createLedger } from './shop/ledger.ts';
import { products } from './shop/order.ts';
import { ordersRoutes } from './shop/orders-routes.ts';
import { shopGuard, shopRoutes } from './shop/shop-routes.ts';

/** The application, and its shutdown. */
export interface Payments {
  readonly app: Express;
  /** Takes no new payments; resolves when the running ones have finished, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
}

const pageFolder = fileURLToPath(new URL('../public', import.meta.url));
const libraryFolder = fileURLToPath(new URL('..', import.meta.resolve('latchkey/client')));

/** Creates everything on the database in `dataFolder`, with the records in another store if `storeUrl` is set. */
export async function createPayments(config: Omit<Config, 'port'>): Promise<Payments> {
  const { dataFolder, storeUrl, providerUrl, metricsPort } = config;
  const database = openDatabase(dataFolder);
  const metrics = metricsPort === undefined ? undefined : await openMetrics(metricsPort);
  const records = await openRecords(database, storeUrl, metrics?.observe);
  const charges = openCharges(database);
  const streams = new EventStreams();
  const ledger = createLedger(charges, streams);
  const guards = { api: apiGuard(records), orders: orderGuard(records), shop: shopGuard(records) };
  const orders = {
    book: openOrderBook(
      database,
      products.map(({ id }) => id),
    ),
    progress: openProgress(database),
    provider: cardProvider(providerUrl),
  };
  const shop = { charges, ledger, disasters: createDisasters(database) };
  const orderShop = { ...orders, disasters: shop.disasters, streams };

  const app = express();
  app.disable('x-powered-by');
  // The path is part of a key's scope, so no route may accept two spellings of it.
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.use('/v1', chargeRoutes(charges, guards.api));
  app.use('/v1', orderRoutes(orders, guards.orders));
  app.use(referenceRoutes(guards));
  app.use(closeConnection);
  app.use(ordersRoutes(orderShop, guards.shop));
  app.use(shopRoutes(shop, guards.shop));
  app.use(express.static(pageFolder, { index: false }));
  for (const part of ['client', 'core', 'protocol'])
    app.use(`/latchkey/${part}`, express.static(`${libraryFolder}/${part}`));
  app.use(unknownRoute);
  app.use(apiErrors);

  return {
    app,
    async drain(timeoutMs) {
      streams.close();
      await Promise.all(Object.values(guards).map((guard) => guard.shutdown(timeoutMs)));
    },
    async close() {
      await metrics?.close();
      await records.close();
      database.close();
    },
  };
}
