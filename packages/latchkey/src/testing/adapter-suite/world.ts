/**
 * The world of one test: a store, its applications, and the number of executions.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { OperatorStore, RecordState, TransactionKind } from '../../core/store.ts';
import { type Faults, faultyStore } from '../faulty-store.ts';
import type { TransactionProbe } from '../store-suite.ts';
import { type Received, type Sent, send } from './client.ts';
import type { AppSetup, RunningApp, SuiteHandler, SuiteOuter, SuiteReply, SuiteRequest } from './scenario.ts';

/** A runtime ten times as fast as the system's, since a guard retries a failing store for at least five seconds. */
export const hurried: Runtime = {
  ...systemRuntime,
  clock: { now: systemRuntime.clock.now, monotonic: () => 10 * systemRuntime.clock.monotonic() },
  timers: {
    set: (callback, delayMs, kind) => systemRuntime.timers.set(callback, delayMs / 10, kind),
    clear: systemRuntime.timers.clear,
  },
};

/** A store for one test. */
export interface SuiteStore<Kind extends TransactionKind = never> {
  readonly store: OperatorStore<Kind>;
  /** Needed if the store has transactions. */
  readonly transactions?: TransactionProbe<Kind>;
  /** Cleans up after the test, when the store is already closed. */
  dispose?(): Promise<void> | void;
}

/** The arguments of `adapterSuite`. */
export interface AdapterSuiteOptions<Kind extends TransactionKind = never> {
  /** The test runner's own functions. */
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
  /** Starts an application whose routes are all guarded. */
  start(setup: AppSetup<Kind>): Promise<RunningApp>;
  createStore(): Promise<SuiteStore<Kind>> | SuiteStore<Kind>;
  /**
   * Whether the guard gets the bytes of a JSON body (default), or only the value from an earlier parser, which lacks
   * repeated names and digits beyond a double.
   */
  readonly jsonBodies?: 'bytes' | 'value';
  /**
   * False if the adapter sends only complete answers, as on Lambda: tests of answers in several pieces are left out.
   * Default true.
   */
  readonly streams?: boolean;
  /** Whether the store has transactions and `createStore` returns a probe for them. */
  readonly transactions?: boolean;
}

/** The options of a test's application. */
export interface AppOptions<Kind extends TransactionKind> extends Partial<AppSetup<Kind>['options']> {
  /** Default: 201 with the number of the execution. */
  readonly handler?: (request: SuiteRequest<Kind>, execution: number) => Promise<SuiteReply> | SuiteReply;
  readonly outer?: SuiteOuter;
}

/** An application under test. */
export interface TestApp {
  readonly origin: string;
  send(sent?: Sent): Promise<Received>;
}

/** The default handler's answer. */
export function numbered(execution: number): SuiteReply {
  return { status: 201, headers: [['Content-Type', 'application/json']], body: JSON.stringify({ execution }) };
}

/** The world of one test. */
export class World<Kind extends TransactionKind> {
  readonly store: OperatorStore<Kind>;
  readonly faults: Faults;
  readonly suite: AdapterSuiteOptions<Kind>;
  readonly transactions: TransactionProbe<Kind> | undefined;
  /** How often a handler ran. */
  executions = 0;
  readonly #made: SuiteStore<Kind>;
  readonly #calls = new StoreCalls();
  readonly #apps: RunningApp[] = [];

  constructor(suite: AdapterSuiteOptions<Kind>, made: SuiteStore<Kind>) {
    this.suite = suite;
    this.#made = made;
    this.transactions = made.transactions;
    const { store, faults } = faultyStore(this.#calls.of(made.store));
    this.store = store;
    this.faults = faults;
  }

  async app({ handler, outer, ...options }: AppOptions<Kind> = {}): Promise<TestApp> {
    const counting: SuiteHandler<Kind> = (request) => {
      this.executions += 1;
      return handler === undefined ? numbered(this.executions) : handler(request, this.executions);
    };
    const setup = {
      options: { store: this.store, log: false as const, ...options },
      handler: counting,
      outer: outer ?? (() => ({})),
    };
    const app = await this.suite.start(setup);
    this.#apps.push(app);
    return { origin: app.origin, send: (sent = {}) => send(app.origin, { key: firstKey, ...sent }) };
  }

  /** Number of records in a state. */
  async count(state: RecordState): Promise<number> {
    return (await this.store.list({ state, limit: 100 })).records.length;
  }

  async close(): Promise<void> {
    this.faults.clear();
    for (const app of this.#apps) await app.close();
    await this.#calls.end();
    await this.store.close();
    await this.#made.dispose?.();
  }
}

/** At most so long, a test waits at its end for the answers of its store. */
const lastAnswersMs = 2_000;

/**
 * The calls of one test to its store. The next test uses the same tables and the same key, so that a late call, such as
 * the claim of a client that has left, must not reach them.
 */
class StoreCalls {
  readonly #unanswered = new Set<Promise<unknown>>();
  #ended = false;

  /** The same store, whose calls are refused after {@link StoreCalls.end}. */
  of<Called extends object>(store: Called): Called {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (this.#ended && name !== 'close') throw new Error('The test of this call has ended.');
          return this.#noted(Reflect.apply(member, target, args));
        };
      },
    });
  }

  /** Waits for the calls that have no answer yet. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#unanswered.size === 0) return;
    await Promise.race([Promise.allSettled(this.#unanswered), pause(lastAnswersMs)]);
  }

  #noted(result: unknown): unknown {
    if (result instanceof Promise) {
      this.#unanswered.add(result);
      result.then(
        () => this.#unanswered.delete(result),
        () => this.#unanswered.delete(result),
      );
    }
    return result;
  }
}

/** The default key of a request. */
export const firstKey = '4fa282fe-6f26-4f33-8a32-447c6d8a1953';

/** Another key. */
export const otherKey = '8e03978e-40d5-43e8-bc93-6894a57f9324';

/** Defines tests, each with a new world. */
export type Test<Kind extends TransactionKind> = (name: string, body: (world: World<Kind>) => Promise<void>) => void;

/** A promise to be resolved from outside. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

/** A gate that handlers wait at. */
export function gate(): Gate {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

/** Waits in real time, for leases and retentions, which follow the store's clock. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something holds, for at most ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (await holds()) return;
    await pause(10);
  }
  assert.fail('what was waited for did not happen within ten seconds');
}

/** Checks the members of an error answer and returns its code. */
function problemCode(received: Received): unknown {
  assert.equal(received.header('content-type'), 'application/problem+json', received.body.toString());
  assert.equal(received.header('cache-control'), 'no-store');
  const problem = received.json() as { code?: unknown; status?: unknown; type?: unknown };
  assert.equal(problem.status, received.status);
  assert.match(String(problem.type), new RegExp(`^https://.*#${String(problem.code)}$`));
  assert.match(received.header('idempotency-status') ?? '', new RegExp(`^${String(problem.code)}(;final=\\?0)?$`));
  return problem.code;
}

/** Asserts an error answer of the guard. */
export function assertProblem(received: Received, status: number, code: string): void {
  assert.equal(received.status, status, received.body.toString());
  assert.equal(problemCode(received), code);
}

/** Asserts a replay of `first`: the same answer with the replay's marks. */
export function assertReplay(received: Received, first: Received): void {
  const told = `first ${first.status} ${first.body}, then ${received.status} ${received.body}`;
  assert.equal(received.status, first.status, told);
  assert.deepEqual(received.body, first.body, told);
  assert.equal(received.header('idempotent-replayed'), 'true', told);
  assert.equal(received.header('idempotency-status'), 'replayed', told);
}

/** Asserts a new answer of a guarded handler. */
export function assertExecuted(received: Received, status = 201): void {
  assertFresh(received, status);
  assert.equal(received.header('idempotency-status'), 'executed');
}

/** Asserts a new answer of a handler, guarded or not. */
export function assertFresh(received: Received, status = 201): void {
  assert.equal(received.status, status, received.body.toString());
  assert.equal(received.header('idempotent-replayed'), undefined);
}
