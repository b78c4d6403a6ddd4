/** Stores that break one promise each, to test the checker. */

import type { AnyOperatorStore, Claimed, ClaimRequest, Owner, StoredResult } from '../../../src/core/store.ts';
import type { Spoiling } from '../history/events.ts';

type Changes = (store: AnyOperatorStore) => Partial<AnyOperatorStore>;

/** The store is an object of a class: its methods are not its own properties. */
function changed(store: AnyOperatorStore, changes: Changes): AnyOperatorStore {
  const own = changes(store);
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A record in the state just after a claim. */
async function asClaimed(store: AnyOperatorStore, { id }: ClaimRequest): Promise<Claimed | undefined> {
  const record = await store.read(id);
  return record && { ...record, outcome: 'claimed', tookOver: false };
}

/** The record's present owner, instead of the caller. */
async function anyOwner<Request extends Owner>(store: AnyOperatorStore, request: Request): Promise<Request> {
  const record = await store.read(request.id);
  return { ...request, token: record?.token ?? request.token };
}

function neverClaimed({ operationId }: ClaimRequest): Claimed {
  return { outcome: 'claimed', attempt: 1, operationId, steps: new Map(), policy: 'refuse', tookOver: false };
}

/** Wrong answers of a store, as recorded in the history. */
const stores: Partial<Record<string, Changes>> = {
  'gives-keys-away': (store) => ({
    claim: async (request) => {
      const outcome = await store.claim(request);
      const claimed = outcome.outcome === 'running' ? await asClaimed(store, request) : undefined;
      return claimed ?? outcome;
    },
  }),

  'forgets-leases': (store) => ({
    claim: async (request) => {
      const { unresolvedRetentionMs } = request;
      const outcome = await store.claim(request);
      if (outcome.outcome !== 'running') return outcome;
      await store.abandon({ ...(await anyOwner(store, request)), unresolvedRetentionMs });
      return store.claim(request);
    },
  }),

  'forgets-answers': () => ({ complete: async () => 'completed' }),

  'loses-answers': (store) => ({
    claim: async (request) => {
      const outcome = await store.claim(request);
      if (outcome.outcome !== 'completed') return outcome;
      await store.erase(request.principal);
      return store.claim(request);
    },
  }),

  'mixes-answers-up': (store) => {
    let result: StoredResult | undefined;
    return {
      claim: async (request) => {
        const outcome = await store.claim(request);
        return outcome.outcome === 'completed' && result !== undefined ? { ...outcome, result } : outcome;
      },
      complete: (request) => {
        result ??= request.result;
        return store.complete(request);
      },
    };
  },

  'skips-token-checks': (store) => ({
    complete: async (request) => store.complete(await anyOwner(store, request)),
    saveStep: async (request) => store.saveStep(await anyOwner(store, request)),
    release: async (request) => store.release(await anyOwner(store, request)),
  }),

  'believes-zombies': (store) => ({
    complete: async (request) => {
      const outcome = await store.complete(request);
      return outcome === 'lost' ? 'completed' : outcome;
    },
  }),

  'forgets-steps': () => ({ saveStep: async () => true }),

  'resumes-from-the-start': (store) => ({
    claim: async (request) => {
      const outcome = await store.claim(request);
      return outcome.outcome === 'claimed' ? { ...outcome, steps: new Map() } : outcome;
    },
  }),
};

/** Wrong actions of the layer; the history has the store's correct answers. */
const layers: Partial<Record<string, Changes>> = {
  'answers-early': (store) => ({
    complete: async (request) => {
      setTimeout(() => void store.complete(request), 200);
      return 'completed';
    },
  }),

  'runs-without-claims': (store) => ({
    claim: async (request) => {
      const outcome = await store.claim(request);
      return outcome.outcome === 'running' ? neverClaimed(request) : outcome;
    },
  }),
};

/** @param spoiling - one of {@link Spoiling}. */
export function spoiltStore(
  store: AnyOperatorStore,
  spoiling: string,
  recorded: (store: AnyOperatorStore) => AnyOperatorStore,
): AnyOperatorStore {
  const [inner, outer] = [stores[spoiling], layers[spoiling]];
  const kept = recorded(inner === undefined ? store : changed(store, inner));
  return outer === undefined ? kept : changed(kept, outer);
}
