/** A deliberate fault: what it spoils, and the promise that must be seen to break. */

import type { AnyOperatorStore } from '../../../src/core/store.ts';
import type { Spoiling } from '../simulate.ts';

export interface Fault {
  readonly spoiling?: Spoiling;
  /** Puts a worse piece in the place of one of the library's, and says how to put the good one back. */
  readonly patch?: () => () => void;
}

/** A store with some methods changed; its class keeps its other methods on its prototype, out of reach of a spread. */
export function changed<Kind extends object>(store: Kind, changes: Partial<Kind>): Kind {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The token that a record has now, in place of the caller's. */
export async function withCurrentToken<Request extends { readonly id: string; readonly token: string }>(
  store: AnyOperatorStore,
  request: Request,
): Promise<Request> {
  const record = await store.read(request.id);
  return { ...request, token: record?.token ?? request.token };
}

/** Puts another function in the place of a method. */
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
