import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectOnce, type TestCrashes, testStore } from 'latchkey/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPayments, type Payments } from '../src/app.ts';
import { goodCharge } from './support/api-client.ts';
import { readCharges } from './support/charges-in-database.ts';
import { readStock } from './support/order-database.ts';
import { ProviderProcess } from './support/provider-process.ts';

// The application creates its own store. It is wrapped here, so that its workers can crash.
const created = vi.hoisted((): { store?: TestCrashes } => ({}));

vi.mock('latchkey/sqlite', async (original) => {
  const { sqliteStore } = await original<typeof import('latchkey/sqlite')>();
  const wrapped: typeof sqliteStore = (options) => {
    const store = testStore(sqliteStore(options));
    created.store = store;
    return store;
  };
  return { sqliteStore: wrapped };
});

const headers = { Authorization: `Basic ${btoa('sk_test_123:')}` };
let dataFolder: string;
let provider: ProviderProcess;
let payments: Payments;

beforeEach(async () => {
  // The application logs the LeaseLostError of each crashed worker that wakes up.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  dataFolder = await mkdtemp(join(tmpdir(), 'latchkey-once-'));
  provider = await ProviderProcess.start();
  payments = await createPayments({
    dataFolder,
    storeUrl: undefined,
    providerUrl: provider.url,
    metricsPort: undefined,
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await payments.close();
  await provider.stop();
  await rm(dataFolder, { recursive: true });
});

it('an order reserves its goods and charges the card once, whenever the server crashes', async () => {
  const effects = async () => {
    const sold = 1_000 - readStock(dataFolder, 'lamp');
    return [...(await provider.charges()).map(({ amount }) => amount), ...Array(sold).fill('a lamp')];
  };
  const body = { product: 'lamp', quantity: 2, source: 'tok_visa' };
  const checks = await expectOnce(payments.app, { path: '/v1/orders', headers, body }, { ...created, effects });
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(
      [
        'after the transaction "reserve" was committed',
        'between the effect of the step "charge" and its save',
        'after the step "charge" was saved',
        'before the answer was stored',
      ].map((crash) => `the request was sent again after a crash ${crash}`),
    ),
  );
});

it('a charge is inserted once, whenever the server crashes', async () => {
  const effects = () => readCharges(dataFolder).length;
  const body = new URLSearchParams(goodCharge);
  await expectOnce(payments.app, { path: '/v1/charges', headers, body }, { ...created, effects });
});
