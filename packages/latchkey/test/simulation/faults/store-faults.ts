/** Stores that break a rule of their contract. */

import type { AnyOperatorStore, ClaimOutcome, ClaimRequest, StoredResult } from '../../../src/core/store.ts';
import { changed, type Fault, withCurrentToken } from './fault.ts';

type Changes = (store: AnyOperatorStore) => Partial<AnyOperatorStore>;

const store = (changes: Changes): Fault => ({ spoiling: { store: (good) => changed(good, changes(good)) } });

/** Changes the arguments of every claim. */
const claims = (worsen: (request: ClaimRequest, good: AnyOperatorStore) => ClaimRequest | Promise<ClaimRequest>) =>
  store((good) => ({ claim: async (request) => good.claim(await worsen(request, good)) }));

/** Changes the outcome of every claim. */
const told = (worsen: (outcome: ClaimOutcome, request: ClaimRequest, good: AnyOperatorStore) => ClaimOutcome) =>
  store((good) => ({ claim: async (request) => worsen(await good.claim(request), request, good) }));

function shortened({ kind, bytes }: StoredResult): StoredResult {
  return { kind, bytes: bytes.slice(0, 2_000) };
}

export const storeFaults: Readonly<Record<string, Fault>> = {
  'complete skips the token check': store((good) => ({
    complete: async (request) => good.complete(await withCurrentToken(good, request)),
  })),

  'saveStep accepts a write after a takeover': store((good) => ({
    saveStep: async (request) => good.saveStep(await withCurrentToken(good, request)),
  })),

  'release accepts a write after a takeover': store((good) => ({
    release: async (request) => good.release(await withCurrentToken(good, request)),
  })),

  'renew accepts a write after a takeover': store((good) => ({
    renew: async (request) => good.renew(await withCurrentToken(good, request)),
  })),

  'a completion changes a stored answer': store((good) => {
    const latest = new Map<string, StoredResult>();
    return {
      complete: async (request) => {
        const outcome = await good.complete(request);
        latest.set(request.id, request.result);
        return outcome === 'lost' ? 'completed' : outcome;
      },
      claim: async (request) => {
        const outcome = await good.claim(request);
        const result = latest.get(request.id);
        return outcome.outcome === 'completed' && result ? { ...outcome, result } : outcome;
      },
    };
  }),

  'a completion is acknowledged and not stored': store(() => ({ complete: async () => 'completed' })),

  'a result over the limit is cut': store((good) => ({
    complete: (request) => good.complete({ ...request, result: shortened(request.result) }),
  })),

  'a release drops the steps': told((outcome) =>
    outcome.outcome === 'claimed' && !outcome.tookOver ? { ...outcome, steps: new Map() } : outcome,
  ),

  'a takeover drops the steps': told((outcome) =>
    outcome.outcome === 'claimed' && outcome.tookOver ? { ...outcome, steps: new Map() } : outcome,
  ),

  'a step that is saved again replaces its value': store((good) => {
    const latest = new Map<string, Map<string, Uint8Array>>();
    return {
      saveStep: async (request) => {
        const steps = latest.get(request.id) ?? new Map<string, Uint8Array>();
        latest.set(request.id, steps.set(request.name, request.value));
        return (await good.saveStep(request)) || steps.size > 0;
      },
      claim: async (request) => {
        const outcome = await good.claim(request);
        const steps = latest.get(request.id);
        return outcome.outcome === 'claimed' && steps
          ? { ...outcome, steps: new Map([...outcome.steps, ...steps]) }
          : outcome;
      },
    };
  }),

  'a takeover comes before the comparison of fingerprints': claims(async (request, good) => {
    const record = await good.read(request.id);
    return record?.state === 'lapsed'
      ? { ...request, acceptable: [...request.acceptable, record.fingerprint] }
      : request;
  }),

  'an open record with steps accepts any payload': claims(async (request, good) => {
    const record = await good.read(request.id);
    return record?.state === 'open' ? { ...request, acceptable: [...request.acceptable, record.fingerprint] } : request;
  }),

  'the lease is used as a time to live': store((good) => ({
    claim: async (request) => {
      const record = await good.read(request.id);
      if (record?.state === 'lapsed')
        await good.resolve({ id: request.id, token: record.token, resolution: { decision: 'forget' } });
      return good.claim(request);
    },
  })),

  'a takeover ignores the saved policy': claims((request) => ({ ...request, takeover: 'any' })),

  'a later claim replaces the saved policy': store((good) => ({
    claim: async (request) => {
      const takeover = request.policy === 'rerun' && request.takeover === 'rerun' ? 'any' : request.takeover;
      const outcome = await good.claim({ ...request, takeover });
      return outcome.outcome === 'claimed' ? { ...outcome, policy: request.policy } : outcome;
    },
  })),

  'maxAttempts is ignored': store((good) => ({
    claim: async (request) => good.claim({ ...request, maxAttempts: Number.MAX_SAFE_INTEGER }),
  })),

  'a running record is given to another claim': store((good) => ({
    claim: async (request) => {
      const outcome = await good.claim(request);
      const record = outcome.outcome === 'running' ? await good.read(request.id) : undefined;
      return record === undefined ? outcome : { ...record, outcome: 'claimed', tookOver: false };
    },
  })),

  'a late claim revives a released record': store((good) => {
    const aliases = new Map<string, string>();
    const own = <Request extends { readonly token: string }>(request: Request): Request => {
      return { ...request, token: aliases.get(request.token) ?? request.token };
    };
    return {
      claim: async (request) => {
        const outcome = await good.claim(own(request));
        if (outcome.outcome !== 'superseded') return outcome;
        aliases.set(request.token, `${aliases.get(request.token) ?? request.token}'`);
        return good.claim(own(request));
      },
      renew: (request) => good.renew(own(request)),
      complete: (request) => good.complete(own(request)),
      release: (request) => good.release(own(request)),
      abandon: (request) => good.abandon(own(request)),
      saveStep: (request) => good.saveStep(own(request)),
    };
  }),

  'a claim creates a new operation each time': told((outcome, request) =>
    outcome.outcome === 'claimed' ? { ...outcome, operationId: request.operationId } : outcome,
  ),

  'an answer is kept for a tenth of its time': store((good) => ({
    complete: (request) => good.complete({ ...request, retentionMs: request.retentionMs / 10 }),
  })),

  'resolve accepts a record that is running again': store((good) => ({
    resolve: async (request) => {
      const current = await withCurrentToken(good, request);
      await good.abandon({ ...current, unresolvedRetentionMs: 3_600_000 });
      return good.resolve(current);
    },
  })),

  'erase leaves completed records': store((good) => ({
    erase: async (principal) => {
      const { records } = await good.list({ state: 'completed', limit: 1_000 });
      return records.some((record) => record.principal === principal) ? 0 : good.erase(principal);
    },
  })),

  'a heartbeat revives an erased record': store((good) => {
    const claims = new Map<string, ClaimRequest>();
    const revive = async (claim: ClaimRequest | undefined) =>
      claim !== undefined && (await good.claim({ ...claim, takeover: 'none' })).outcome === 'claimed';
    return {
      claim: (request) => {
        claims.set(request.token, request);
        return good.claim(request);
      },
      renew: async (request) =>
        (await good.renew(request)) ||
        ((await good.read(request.id)) === undefined && revive(claims.get(request.token))),
    };
  }),

  'a transaction runs without the ownership check': { spoiling: { server: { transactionsCheckOwners: false } } },

  'a message is sent before its transaction commits': { spoiling: { server: { messagesWaitForCommit: false } } },

  'a message counts as delivered once it is taken': { spoiling: { server: { keepsTaken: false } } },

  'a transaction that is rolled back leaves its rows': { spoiling: { server: { transactionsRollBack: false } } },
};
