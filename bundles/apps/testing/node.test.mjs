import assert, { AssertionError } from 'node:assert/strict';
import { test } from 'node:test';
import { expectOnce, testStore } from 'latchkey/testing';
import { createApp, createProvider } from './checkout.js';

function run(isCareless) {
  const [store, provider] = [testStore(), createProvider()];
  const app = createApp({ store, provider, isCareless });
  const effects = () => [...provider.charges.values()].map(({ amount }) => amount);
  return expectOnce(app, { path: '/charges', body: { amount: 2000 } }, { store, effects });
}

test('charges once', async () => {
  assert.equal((await run(process.env.CARELESS === '1')).length, 9);
});

test('a careless application is found', async () => {
  await assert.rejects(run(true), AssertionError);
});
