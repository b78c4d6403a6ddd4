/**
 * A real store whose calls can be stopped, and that counts pending work.
 *
 * @module
 */

import type { Store } from 'latchkey/store';
import { turns } from './clock.ts';
import type { Gates } from './gates.ts';

/** The driver's view of the store. */
export interface StoreWatch {
  /** Number of pending calls. */
  pending: number;
  /** Number of open claims: won and not yet completed, released or abandoned. */
  held: number;
  /** Number of calls. */
  calls: number;
}

type Call = (request: never) => Promise<unknown>;

const settling: ReadonlySet<string> = new Set(['complete', 'release', 'abandon']);

function isClaimed(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && Reflect.get(outcome, 'outcome') === 'claimed';
}

type Transaction = (request: unknown, body: (handle: unknown) => unknown) => Promise<unknown>;

/** A transaction that saves the final result ends the claim as `complete` does. */
function countedTransaction(watch: StoreWatch, transaction: Transaction): Transaction {
  return async (request, body) => {
    watch.pending += 1;
    let ends = false;
    try {
      const outcome = await transaction(request, (handle) => {
        const done = body(handle);
        ends = Reflect.get(Object(Reflect.get(Object(done), 'write')), 'kind') === 'result';
        return done;
      });
      if (ends) watch.held -= 1;
      return outcome;
    } finally {
      watch.pending -= 1;
    }
  };
}

/** Puts gates before `claim` and `complete`. Each call takes `distance` turns of the event loop. */
export function gatedStore<S extends Store>(store: S, gates: Gates, distance: number): { store: S; watch: StoreWatch } {
  const watch: StoreWatch = { pending: 0, held: 0, calls: 0 };
  const gated = (name: string, call: Call) => async (request: never) => {
    watch.pending += 1;
    watch.calls += 1;
    try {
      await turns(distance);
      if (name === 'claim' || name === 'complete') await gates.pass(name);
      const outcome = await call.call(store, request);
      if (name === 'claim' && isClaimed(outcome)) watch.held += 1;
      if (settling.has(name)) watch.held -= 1;
      return outcome;
    } finally {
      watch.pending -= 1;
    }
  };
  const names = ['claim', 'renew', 'complete', 'release', 'abandon', 'saveStep'];
  const wrapped = new Map<string, unknown>(
    names.map((name) => [name, gated(name, Reflect.get<object, string>(store, name) as Call)]),
  );
  const transaction: unknown = Reflect.get(store, 'transaction');
  if (typeof transaction === 'function') {
    wrapped.set(
      'transaction',
      countedTransaction(watch, (...args) => transaction.apply(store, args)),
    );
  }
  return {
    watch,
    store: new Proxy(store, {
      get(target, name) {
        const own = typeof name === 'string' ? wrapped.get(name) : undefined;
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  };
}
