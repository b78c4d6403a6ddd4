import { AssertionError } from 'node:assert';
import { expectOnce, testStore } from 'latchkey/testing';
import { expect, test } from 'vitest';
import { createApp, createProvider } from './checkout.js';

function run(isCareless) {
  const [store, provider] = [testStore(), createProvider()];
  const app = createApp({ store, provider, isCareless });
  const effects = () => [...provider.charges.values()].map(({ amount }) => amount);
  return expectOnce(app, { path: '/charges', body: { amount: 2000 } }, { store, effects });
}

test('charges once', async () => {
  expect(await run(process.env.CARELESS === '1')).toHaveLength(9);
});

test('a careless application is found', async () => {
  await expect(run(true)).rejects.toBeInstanceOf(AssertionError);
});
