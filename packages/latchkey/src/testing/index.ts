/**
 * For your own tests: `expectOnce` for an application, a store whose workers crash on command, a manual clock, a store
 * that simulates faults, and the suites that every store and adapter must pass.
 *
 * @module
 */

export {
  type AdapterSuiteOptions,
  type AppSetup,
  adapterSuite,
  type RunningApp,
  type SuiteHandler,
  type SuiteOuter,
  type SuiteReply,
  type SuiteRequest,
  type SuiteStore,
} from './adapter-suite.ts';
export type { FastifyApp, FetchApp, FetchObject, KoaApp, ListenerApp, NestApp, OnceApp } from './expect-once/app.ts';
export type { Effects } from './expect-once/effects.ts';
export type { OnceRequestOptions } from './expect-once/request.ts';
export type { OnceCheck } from './expect-once/trial.ts';
export { type ExpectOnceOptions, expectOnce } from './expect-once.ts';
export {
  type Fault,
  type FaultPlan,
  type Faults,
  type FaultyMethod,
  type FaultyStore,
  faultyStore,
  randomFaults,
} from './faulty-store.ts';
export { type ManualRuntime, manualRuntime } from './manual-clock.ts';
export {
  type StoreCapability,
  type StoreSetup,
  type StoreSuiteOptions,
  type StoreUnderTest,
  storeSuite,
  type TransactionProbe,
} from './store-suite.ts';
export { type TestCrashes, type TestStore, testStore } from './test-store.ts';
export { type MemoryTransactions, transactionalMemoryStore } from './transactional-memory-store.ts';
