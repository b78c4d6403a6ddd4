/**
 * For your own tests: a manual clock, a store that simulates faults, and the suites that every store and adapter must
 * pass.
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
