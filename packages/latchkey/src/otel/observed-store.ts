/**
 * Measures the calls of a store.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import type { Clock } from '../core/runtime.ts';
import type { AnyOperatorStore } from '../core/store.ts';

/** The measured methods. `watch` and `close` wait for nobody, and an outbox is not part of a request. */
const measured: ReadonlySet<PropertyKey> = new Set<keyof AnyOperatorStore>([
  'claim',
  'renew',
  'complete',
  'release',
  'abandon',
  'saveStep',
  'transaction',
  'read',
  'ping',
  'list',
  'resolve',
  'erase',
  'sweep',
]);

/** Receives the duration of one call, in seconds, and the code of its error. Never throws. */
export type RecordCall = (call: string, seconds: number, error?: string) => void;

type Method = (...args: readonly unknown[]) => unknown;

/**
 * Returns a store with all members of `store`, also those that only some stores have. It is a new object: the wrapped
 * store may be frozen, or have private members.
 */
export function observedStore<S extends object>(store: S, clock: Clock, record: RecordCall): S {
  const wrapped = new Map<PropertyKey, { readonly of: unknown; readonly method: Method }>();
  const wrap = (name: PropertyKey, method: Method) => {
    const bound = method.bind(store);
    return measured.has(name) ? timed(String(name), bound, clock, record) : bound;
  };
  const get = (_target: object, name: PropertyKey): unknown => {
    const value: unknown = Reflect.get(store, name);
    if (typeof value !== 'function') return value;
    const known = wrapped.get(name);
    if (known?.of === value) return known.method;
    const method = wrap(name, value as Method);
    wrapped.set(name, { of: value, method });
    return method;
  };
  return new Proxy<S>(Object.create(Object.getPrototypeOf(store)), {
    get,
    set: (_target, name, value) => Reflect.set(store, name, value),
    has: (_target, name) => Reflect.has(store, name),
  });
}

function timed(call: string, method: Method, clock: Clock, record: RecordCall): Method {
  return (...args) => {
    const startMs = clock.monotonic();
    const end = (error?: string) => record(call, (clock.monotonic() - startMs) / 1000, error);
    let answer: unknown;
    try {
      answer = method(...args);
    } catch (error) {
      end(codeOf(error));
      throw error;
    }
    if (!(answer instanceof Promise)) {
      end();
      return answer;
    }
    answer.then(
      () => end(),
      (error: unknown) => end(codeOf(error)),
    );
    return answer;
  };
}

/** A closed set: errors of a client, or of a transaction's own function, have no code of the library. */
function codeOf(error: unknown): string {
  return error instanceof LatchkeyError ? error.code : '_OTHER';
}
