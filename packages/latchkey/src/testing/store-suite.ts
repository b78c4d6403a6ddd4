/**
 * The contract of a store as tests: every transition of a record, for any store and any test runner.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { isOperatorStore, type Store, type TransactionKind } from '../core/store.ts';
import { claimTests } from './store-suite/claims.ts';
import { expiryTests } from './store-suite/expiry.ts';
import { type StoreSuiteOptions, type Test, testWith } from './store-suite/fixture.ts';
import { operatorTests } from './store-suite/operators.ts';
import { outboxTests } from './store-suite/outbox.ts';
import { ownerTests } from './store-suite/owners.ts';
import { readingTests } from './store-suite/reading.ts';
import { requestTests } from './store-suite/requests.ts';
import { takeoverTests } from './store-suite/takeovers.ts';
import { transactionTests } from './store-suite/transactions.ts';
import { watchTests } from './store-suite/watching.ts';

export type {
  StoreCapability,
  StoreSetup,
  StoreSuiteOptions,
  StoreUnderTest,
  TransactionProbe,
} from './store-suite/fixture.ts';

/**
 * Defines the tests that every store must pass.
 *
 * @example
 * ```ts
 * import { describe, it } from 'vitest'
 *
 * storeSuite({
 *   describe,
 *   it,
 *   capabilities: ['operator', 'watch'],
 *   create: ({ maxResultBytes }) => {
 *     const runtime = manualRuntime()
 *     return { store: memoryStore({ runtime, maxResultBytes }), advance: runtime.advance }
 *   },
 * })
 * ```
 */
export function storeSuite<Kind extends TransactionKind = never>(options: StoreSuiteOptions<Kind>): void {
  const test = testWith(options);
  for (const [name, define] of Object.entries(commonParts)) options.describe(name, () => define(test));
  for (const [name, define] of Object.entries(capabilityParts)) {
    const capable = options.capabilities.some((capability) => capability === name);
    options.describe(name, () => (capable ? define(test) : lackTest(test, name)));
  }
}

const commonParts = {
  claims: claimTests,
  takeovers: takeoverTests,
  owners: ownerTests,
  requests: requestTests,
  expiry: expiryTests,
  reading: readingTests,
};

const capabilityParts = {
  operator: operatorTests,
  transaction: transactionTests,
  watch: watchTests,
  outbox: outboxTests,
};

function lackTest<Kind extends TransactionKind>(test: Test<Kind>, capability: string): void {
  const isOffered = (store: Store<Kind>) =>
    capability === 'operator' ? isOperatorStore(store) : Reflect.get(store, capability) !== undefined;
  test('is not offered', async ({ store }) => assert.ok(!isOffered(store)));
}
