/** The order flow under load, while workers are killed and the provider fails; then compares answers with the books. */

import type { Behaviour } from '../../../../examples/payments/src/provider/behaviour.ts';
import type { CardCharge } from '../../../../examples/payments/src/provider/ledger.ts';
import { ProviderProcess } from '../../../../examples/payments/test/support/provider-process.ts';
import { seededFraction } from '../../src/testing/manual-clock.ts';
import { until } from '../servers/redis-server.ts';
import { type Backend, type OrderStore, startBackend } from './backends.ts';
import type { Books } from './books/shop.ts';
import { Customers, type Told } from './customers.ts';
import { violationsIn } from './verify.ts';
import { Workers } from './workers.ts';

export interface OrderCrashOptions {
  readonly store: OrderStore;
  readonly kills: number;
  readonly seed: number;
  /** Called after each kill. */
  readonly onKill?: (kills: number) => void;
}

export interface OrderCrashReport {
  readonly orders: number;
  readonly completed: number;
  /** Orders whose card was declined and that left nothing. */
  readonly refused: number;
  /** Orders that took more than one request. */
  readonly retried: number;
  readonly charges: number;
  readonly rows: number;
  readonly violations: readonly string[];
}

const workerCount = 2;
const customers = 12;
const longestLifeMs = 600;
const mailsLimitMs = 20_000;

/** Most payments succeed; each kind of failure is frequent enough to coincide with kills. */
const troubles: readonly Behaviour[] = [
  ...Array.from({ length: 30 }, (): Behaviour => 'ok'),
  ...Array.from({ length: 4 }, (): Behaviour => 'lose-answer'),
  ...Array.from({ length: 4 }, (): Behaviour => 'answer-twice'),
  'fail',
  'fail',
  'decline',
  'decline',
  'hang',
  'slow',
  'die',
];

export async function runOrderCrashes(options: OrderCrashOptions): Promise<OrderCrashReport> {
  const backend = await startBackend[options.store]();
  const provider = await ProviderProcess.start();
  try {
    await provider.tell({ always: troubles });
    return await crash(options, backend, provider);
  } finally {
    await provider.stop();
    await backend.stop();
  }
}

/** Waits for the orders' mails; missing ones are reported as violations. */
async function mailsSent(backend: Backend, told: readonly Told[]): Promise<void> {
  const due = told.filter(({ status }) => status === 201).length;
  const isSent = async () => (await backend.books()).mails.length >= due;
  await until('all mails', isSent, mailsLimitMs).catch(() => undefined);
}

async function crash(
  { store, kills, seed, onKill }: OrderCrashOptions,
  backend: Backend,
  provider: ProviderProcess,
): Promise<OrderCrashReport> {
  const fraction = seededFraction(seed);
  const workers = await Workers.start(workerCount, fraction, store, backend.place, provider.url);
  try {
    const shoppers = new Customers(customers, workers.fetch, fraction);
    for (let kill = 1; kill <= kills; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, fraction() * longestLifeMs));
      await workers.killOne();
      onKill?.(kill);
    }
    await provider.tell({ always: ['ok'] });
    await shoppers.finish();
    await shoppers.askAgain();
    await mailsSent(backend, shoppers.told);
    return reportOn(shoppers, await backend.books(), await provider.charges());
  } finally {
    await workers.stop();
  }
}

function reportOn({ told, faults }: Customers, books: Books, charges: readonly CardCharge[]): OrderCrashReport {
  const answered = (wanted: number) => told.filter(({ status }) => status === wanted).length;
  return {
    orders: told.length,
    completed: answered(201),
    refused: answered(402),
    retried: told.filter(({ attempts }) => attempts > 1).length,
    charges: charges.length,
    rows: books.orders.length,
    violations: [...faults, ...violationsIn(told, books, charges)],
  };
}
