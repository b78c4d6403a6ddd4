/**
 * The conformance suite of an adapter: the externally visible behaviour of an idempotent endpoint, tested over a real
 * socket. Test names begin with the checklist rows that they cover.
 *
 * @module
 */

import type { TransactionKind } from '../core/store.ts';
import { concurrencyTests } from './adapter-suite/concurrency.ts';
import { hangUpTests } from './adapter-suite/hang-ups.ts';
import { keyTests } from './adapter-suite/keys.ts';
import { markTests } from './adapter-suite/marks.ts';
import { outcomeTests } from './adapter-suite/outcomes.ts';
import { payloadTests } from './adapter-suite/payloads.ts';
import { responseTests } from './adapter-suite/responses.ts';
import { stepTests, transactionTests } from './adapter-suite/steps.ts';
import { streamTests } from './adapter-suite/streams.ts';
import { testIn } from './adapter-suite/test-in.ts';
import { unheardTests } from './adapter-suite/unheard.ts';
import type { AdapterSuiteOptions } from './adapter-suite/world.ts';

export type {
  AppSetup,
  RunningApp,
  SuiteHandler,
  SuiteOuter,
  SuiteReply,
  SuiteRequest,
} from './adapter-suite/scenario.ts';
export type { AdapterSuiteOptions, SuiteStore } from './adapter-suite/world.ts';

/**
 * Defines the tests that every adapter must pass, on a store of your choice. The tests are independent and may run
 * concurrently.
 *
 * @example
 * ```ts
 * import { describe, it } from 'vitest'
 *
 * adapterSuite({ describe, it: it.concurrent, start: startMyApp, createStore: () => ({ store: memoryStore() }) })
 * ```
 */
export function adapterSuite<Kind extends TransactionKind = never>(options: AdapterSuiteOptions<Kind>): void {
  const { describe, streams = true } = options;
  const test = testIn(options);
  describe('key field', () => keyTests(test));
  describe('payload', () => payloadTests(test, options.jsonBodies ?? 'bytes'));
  describe('concurrency', () => concurrencyTests(test));
  describe('hang-ups', () => hangUpTests(test));
  describe('outcomes', () => outcomeTests(test, streams));
  describe('responses', () => responseTests(test));
  describe('streams', () => streamTests(test, streams));
  describe('marks', () => markTests(test));
  describe('answers to disconnected clients', () => unheardTests(test));
  describe('steps', () => stepTests(test));
  if (options.transactions === true) describe('transactions', () => transactionTests(test));
}
