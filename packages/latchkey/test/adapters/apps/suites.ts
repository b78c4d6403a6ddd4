import { describe, it } from 'vitest';
import type { TransactionKind } from '../../../src/core/store.ts';
import { type AdapterSuiteOptions, type AppSetup, adapterSuite, type RunningApp } from '../../../src/testing/index.ts';
import { memory, sqlite } from './stores.ts';

export type Start = <Kind extends TransactionKind>(setup: AppSetup<Kind>) => Promise<RunningApp>;

/** Runs the suite of one application on both stores. */
export function onBothStores(
  name: string,
  start: Start,
  jsonBodies: 'bytes' | 'value' = 'bytes',
  more: Pick<AdapterSuiteOptions, 'streams'> = {},
): void {
  const common = { describe: describe.concurrent, it: it.concurrent, start, jsonBodies, ...more };
  describe.concurrent(`${name}, memory store`, () => adapterSuite({ ...common, createStore: memory }));
  describe.concurrent(`${name}, SQLite store`, () =>
    adapterSuite({ ...common, createStore: sqlite, transactions: true }));
}
