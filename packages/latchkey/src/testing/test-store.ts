/**
 * A store for the tests of an application: workers crash at a chosen step, and leases end at once.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import {
  checkOperatorStore,
  type OperatorStore,
  type RenewRequest,
  type Store,
  type TransactionKind,
} from '../core/store.ts';
import { memoryStore } from '../stores/memory/index.ts';
import { type CrashCall, Crashes, type TransactionBody } from './test-store/crashes.ts';

/** Crashes of the workers of a {@link testStore}. */
export interface TestCrashes {
  /**
   * Makes the next worker that saves the step or transaction `name` crash right after it: the handler stops at that
   * step, its record lapses, and none of its later calls changes the store. Its request gets no answer until
   * {@link TestCrashes.wakeCrashed} is called, so don't await that request before.
   *
   * @returns a promise that resolves when the worker has crashed. It never does if no worker comes to that step.
   * @example
   * ```ts
   * const crashed = store.crashAfter('charge')
   * const lost = send(order)
   * await crashed
   * const retry = await send(order) // resumes after the step
   * await store.wakeCrashed()
   * await lost
   * ```
   */
  crashAfter(name: string): Promise<void>;
  /**
   * Ends the lease of every attempt that is running, as if their workers had hung. A retry is then handled as after a
   * crash; the worker itself notices at its next step.
   *
   * @returns the number of attempts.
   */
  expireLease(): Promise<number>;
  /**
   * Continues the crashed workers, as when a frozen process wakes up: they learn that they have lost their records.
   * Resolves when they have ended, or after one second. Call it at the end of a test, so that their requests end.
   */
  wakeCrashed(): Promise<void>;
}

/** See {@link testStore}. */
export type TestStore<Kind extends TransactionKind = never> = OperatorStore<Kind> & TestCrashes;

/** The same in every copy of the library: a test and its application may have loaded different ones. */
const crashesKey = Symbol.for('latchkey.test-store.crashes');

/**
 * Wraps a store, so that a test can make its workers crash. Give it to the application's guard, and to `expectOnce`. A
 * crash is simulated in this process: the handler stops where it waits for the store. Code that runs meanwhile without
 * waiting for the store continues. Without an argument it wraps a memory store.
 *
 * @throws LatchkeyError `option-invalid` if it is not an `OperatorStore`.
 * @example
 * ```ts
 * const store = testStore()
 * const app = createApp({ store })
 * await expectOnce(app, { path: '/charges', body: { amount: 2000 } }, { store, effects: () => provider.charges.size })
 * ```
 */
export function testStore(): TestStore;
export function testStore<Kind extends TransactionKind = never>(store: OperatorStore<Kind>): TestStore<Kind>;
export function testStore<Kind extends TransactionKind>(
  store: OperatorStore<Kind> = memoryStore() as OperatorStore<Kind>,
): TestStore<Kind> {
  checkOperatorStore('testStore', Object(store));
  const crashes = new Crashes(store);
  const control: TestCrashes = {
    crashAfter: (name) => {
      const isSaved = (call: CrashCall) => (call.kind === 'step' || call.kind === 'transaction') && call.step === name;
      return crashes.plan((call) => (isSaved(call) ? 'after' : undefined)).happened;
    },
    expireLease: () => crashes.expireLeases(),
    wakeCrashed: () => crashes.wake(),
  };
  return Object.assign(around(store, crashes), control, { [crashesKey]: crashes });
}

/**
 * Returns the crashes of a test store.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function crashesOf(where: string, store: TestCrashes): Crashes {
  const crashes: unknown = Reflect.get(store, crashesKey);
  // The class of another copy of the library has the same methods.
  if (typeof crashes === 'object' && crashes !== null) return crashes as Crashes;
  throw new LatchkeyError('option-invalid', `${where}: store must be the testStore(…) that the application uses.`);
}

function around<Kind extends TransactionKind>(store: OperatorStore<Kind>, crashes: Crashes): OperatorStore<Kind> {
  const { name, volatile, sealed, transaction, watch, outbox } = store;
  return {
    name,
    volatile,
    ...(sealed !== undefined && { sealed }),
    claim: (request) => crashes.claim(request, () => store.claim(request)),
    renew: (request) => crashes.renew(request, () => store.renew(request)),
    saveStep: (request) => crashes.saveStep(request, () => store.saveStep(request)),
    complete: (request) => crashes.complete(request, () => store.complete(request)),
    release: (request) => crashes.giveUp(request, () => store.release(request)),
    abandon: (request) => crashes.giveUp(request, () => store.abandon(request)),
    ...(transaction && { transaction: aroundTransaction(store, transaction, crashes) }),
    ...(watch && { watch: watch.bind(store) }),
    ...(outbox && { outbox }),
    read: (id, options) => store.read(id, options),
    list: (request) => store.list(request),
    resolve: (request) => store.resolve(request),
    erase: (principal) => store.erase(principal),
    sweep: (limit) => store.sweep(limit),
    ping: () => store.ping(),
    close: async () => {
      await crashes.wake();
      await store.close();
    },
  };
}

/** Only passes the arguments on to the wrapped store, which knows the transaction's types. */
function aroundTransaction<Kind extends TransactionKind>(
  store: Store<Kind>,
  transaction: NonNullable<Store<Kind>['transaction']>,
  crashes: Crashes,
): NonNullable<Store<Kind>['transaction']> {
  const run = (request: RenewRequest, body: TransactionBody<unknown>) =>
    crashes.transaction(request, body, (watched) => Reflect.apply(transaction, store, [request, watched]));
  return run as NonNullable<Store<Kind>['transaction']>;
}
