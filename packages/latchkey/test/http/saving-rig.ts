/** A store whose claims a test can inspect. */

import type { ClaimRequest, Store } from '../../src/core/store.ts';

export function claimsOf(store: Store): { readonly store: Store; readonly claims: readonly ClaimRequest[] } {
  const claims: ClaimRequest[] = [];
  const watched = new Proxy(store, {
    get(target, name) {
      if (name === 'claim') {
        return (request: ClaimRequest) => {
          claims.push(request);
          return target.claim(request);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { store: watched, claims };
}
