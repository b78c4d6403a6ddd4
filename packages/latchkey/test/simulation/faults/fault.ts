/** A deliberate fault: the changed part, and the promise that must break. */

import type { AnyOperatorStore } from '../../../src/core/store.ts';
import type { Spoiling } from '../simulate.ts';

export interface Fault {
  readonly spoiling?: Spoiling;
  /** Replaces a part of the library by a faulty one, and returns a function that restores it. */
  readonly patch?: () => () => void;
}

/** A store with some methods replaced; the other methods are on its prototype, which a spread does not copy. */
export function changed<Kind extends object>(store: Kind, changes: Partial<Kind>): Kind {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The record's present token, instead of the caller's. */
export async function withCurrentToken<Request extends { readonly id: string; readonly token: string }>(
  store: AnyOperatorStore,
  request: Request,
): Promise<Request> {
  const record = await store.read(request.id);
  return { ...request, token: record?.token ?? request.token };
}

/** Replaces a method. */
export function replaced<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  make: (original: Owner[Name]) => Owner[Name],
): () => void {
  const original = owner[name];
  owner[name] = make(original);
  return () => {
    owner[name] = original;
  };
}
