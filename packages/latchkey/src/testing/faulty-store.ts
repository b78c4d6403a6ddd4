/**
 * A store that simulates faults: a call fails, is delayed or repeated, or its reply is lost.
 *
 * @module
 */

import { StoreUnavailableError } from '../core/errors.ts';
import { type Runtime, sleep, systemRuntime } from '../core/runtime.ts';
import {
  isOperatorStore,
  type ListRequest,
  type OperatorMethods,
  type OperatorStore,
  type ResolveRequest,
  type Store,
  type TransactionKind,
} from '../core/store.ts';
import { seededFraction } from './manual-clock.ts';

/** The methods that can be disturbed. */
export type FaultyMethod =
  | 'claim'
  | 'renew'
  | 'complete'
  | 'release'
  | 'abandon'
  | 'saveStep'
  | 'transaction'
  | 'read'
  | 'list'
  | 'resolve'
  | 'erase'
  | 'sweep'
  | 'ping';

/**
 * The fault of one call:
 * - `fail`: it is not applied, and rejects.
 * - `full`: like `fail`, with the error of a full store.
 * - `lose-reply`: it is applied, and rejects.
 * - `repeat`: it is applied twice and returns the second answer. A transaction is run once.
 * - `delay`: it is applied after `delayMs` milliseconds.
 * - `hang`: it is never applied and never answers.
 */
export type Fault =
  | { readonly kind: 'fail' | 'full' | 'lose-reply' | 'repeat' | 'hang' }
  | { readonly kind: 'delay'; readonly delayMs: number };

/** Returns the fault of each call, in call order. */
export type FaultPlan = (method: FaultyMethod) => Fault | undefined;

/** Controls the faults of a {@link faultyStore}. */
export interface Faults {
  /** Disturbs the next `times` calls of `method`. */
  next(method: FaultyMethod, fault: Fault, times?: number): void;
  /** Sets the plan for calls without a `next`; `undefined` removes it. */
  plan(plan: FaultPlan | undefined): void;
  /** Removes every `next` and the `plan`. */
  clear(): void;
  /** Number of calls per method. */
  readonly calls: ReadonlyMap<FaultyMethod, number>;
}

/** A wrapped store and the control of its faults. */
export interface FaultyStore<Wrapped> {
  readonly store: Wrapped;
  readonly faults: Faults;
}

/**
 * Wraps any store to simulate faults.
 * @example
 * ```ts
 * const { store, faults } = faultyStore(memoryStore())
 * faults.next('complete', { kind: 'lose-reply' })
 * ```
 */
export function faultyStore<Kind extends TransactionKind = never>(
  store: OperatorStore<Kind>,
  runtime?: Runtime,
): FaultyStore<OperatorStore<Kind>>;
export function faultyStore<Kind extends TransactionKind = never>(
  store: Store<Kind>,
  runtime?: Runtime,
): FaultyStore<Store<Kind>>;
export function faultyStore<Kind extends TransactionKind>(
  store: Store<Kind>,
  runtime: Runtime = systemRuntime,
): FaultyStore<Store<Kind>> {
  const { faults, take } = faultDesk();
  const around =
    <Args extends readonly unknown[], Result>(method: FaultyMethod, call: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      disturbed(take(method), method, () => call(...args), runtime);
  const { transaction, watch, outbox } = store;
  const operated = isOperatorStore(store) ? store : undefined;
  const disturbedStore: Store<Kind> & Partial<OperatorMethods> = {
    name: store.name,
    volatile: store.volatile,
    claim: around('claim', (request) => store.claim(request)),
    renew: around('renew', (request) => store.renew(request)),
    complete: around('complete', (request) => store.complete(request)),
    release: around('release', (request) => store.release(request)),
    abandon: around('abandon', (request) => store.abandon(request)),
    saveStep: around('saveStep', (request) => store.saveStep(request)),
    read: around('read', (id, options) => store.read(id, options)),
    ping: around('ping', () => store.ping()),
    close: () => store.close(),
    ...(operated && {
      list: around('list', (request: ListRequest) => operated.list(request)),
      resolve: around('resolve', (request: ResolveRequest) => operated.resolve(request)),
      erase: around('erase', (principal: string) => operated.erase(principal)),
      sweep: around('sweep', (limit: number) => operated.sweep(limit)),
    }),
    ...(watch && { watch: watch.bind(store) }),
    ...(outbox && { outbox }),
    ...(transaction && { transaction: aroundTransaction(store, transaction, take, runtime) }),
  };
  return { store: disturbedStore, faults };
}

/**
 * A random plan from a seed: each call has a fault of any kind except `hang` with the given probability.
 *
 * @example
 * ```ts
 * faults.plan(randomFaults({ seed: 7, probability: 0.2 }))
 * ```
 */
export function randomFaults(options: { seed: number; probability: number; maxDelayMs?: number }): FaultPlan {
  const fraction = seededFraction(options.seed);
  const kinds = ['fail', 'lose-reply', 'repeat', 'delay'] as const;
  return () => {
    if (fraction() >= options.probability) return undefined;
    const kind = kinds[Math.floor(fraction() * kinds.length)] ?? 'fail';
    if (kind !== 'delay') return { kind };
    return { kind, delayMs: Math.floor(fraction() * (options.maxDelayMs ?? 100)) };
  };
}

type TakeFault = (method: FaultyMethod) => Fault | undefined;

function faultDesk(): { faults: Faults; take: TakeFault } {
  const calls = new Map<FaultyMethod, number>();
  const commands = new Map<FaultyMethod, Fault[]>();
  let plan: FaultPlan | undefined;
  const take: TakeFault = (method) => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    return commands.get(method)?.shift() ?? plan?.(method);
  };
  const faults: Faults = {
    calls,
    next: (method, fault, times = 1) => {
      commands.set(method, [...(commands.get(method) ?? []), ...Array<Fault>(times).fill(fault)]);
    },
    plan: (next) => {
      plan = next;
    },
    clear: () => {
      commands.clear();
      plan = undefined;
    },
  };
  return { faults, take };
}

async function disturbed<Result>(
  fault: Fault | undefined,
  method: FaultyMethod,
  call: () => Promise<Result>,
  runtime: Runtime,
): Promise<Result> {
  if (fault === undefined) return call();
  if (fault.kind === 'fail') throw new StoreUnavailableError(`${method} failed (simulated).`);
  if (fault.kind === 'full')
    throw new StoreUnavailableError(`${method} found the store full (simulated).`, { full: true });
  if (fault.kind === 'hang') return new Promise(() => {});
  if (fault.kind === 'delay') await sleep(runtime.timers, fault.delayMs);
  if (fault.kind === 'repeat') await call();
  const result = await call();
  if (fault.kind === 'lose-reply') throw new StoreUnavailableError(`The reply to ${method} was lost (simulated).`);
  return result;
}

/** Only passes the arguments on to the wrapped store, which knows the transaction's types. */
function aroundTransaction<Kind extends TransactionKind>(
  store: Store<Kind>,
  transaction: NonNullable<Store<Kind>['transaction']>,
  take: TakeFault,
  runtime: Runtime,
): NonNullable<Store<Kind>['transaction']> {
  const around = (...args: unknown[]): Promise<unknown> => {
    const fault = take('transaction');
    const once = fault?.kind === 'repeat' ? undefined : fault;
    return disturbed(once, 'transaction', async () => Reflect.apply(transaction, store, args), runtime);
  };
  return around as NonNullable<Store<Kind>['transaction']>;
}
