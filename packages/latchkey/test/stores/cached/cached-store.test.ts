import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../../src/core/errors.ts';
import type { ClaimOutcome } from '../../../src/core/store.ts';
import { type CacheOptions, cachedStore } from '../../../src/stores/cached/index.ts';
import { encryptedStore } from '../../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { faultyStore, manualRuntime } from '../../../src/testing/index.ts';
import { captured, layerRig } from '../../http/layer-rig.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { wrappedSqlite } from '../sqlite/wrapped-store.ts';

/** `others` is the store as another process has it. */
function rig(options: CacheOptions = {}) {
  const runtime = manualRuntime();
  const others = memoryStore({ runtime, maxResultBytes: 10_000 });
  const { store: beneath, faults } = faultyStore(others, runtime);
  const store = cachedStore(beneath, { runtime, ...options });
  const complete = async (id: string, text = 'result') => {
    await store.claim(claimOf(id, `first of ${id}`));
    return store.complete(completionOf(id, `first of ${id}`, text));
  };
  let retries = 0;
  const claim = (id: string) => {
    retries += 1;
    return store.claim(claimOf(id, `retry ${retries}`));
  };
  return { runtime, others, faults, store, complete, claim };
}

/** The outcome, and the result if there is one. */
function told(outcome: ClaimOutcome): string {
  if (outcome.outcome !== 'completed') return outcome.outcome;
  return `${outcome.result.kind} ${Buffer.from(outcome.result.bytes)}`;
}

const served = 'value result';
const taken = 'claimed';

describe('an answer in the cache', () => {
  it('is what the store would answer, without asking it', async () => {
    const { complete, claim, faults, others } = rig();
    await complete('a');
    const claims = faults.calls.get('claim');
    const answer = await claim('a');
    expect(faults.calls.get('claim')).toBe(claims);
    expect(answer).toEqual(await others.claim(claimOf('a', 'other')));
  });

  it('is served while the store is away', async () => {
    const { complete, claim, faults } = rig();
    await complete('a');
    faults.plan(() => ({ kind: 'fail' }));
    expect(told(await claim('a'))).toBe(served);
    await expect(claim('b')).rejects.toThrow(LatchkeyError);
  });

  it('outlives what another process erased for no longer than maxAgeMs', async () => {
    const { complete, claim, others, runtime } = rig({ maxAgeMs: 5_000 });
    await complete('a');
    await others.erase('principal');
    await runtime.advance(4_999);
    expect(told(await claim('a'))).toBe(served);
    await runtime.advance(1);
    expect(told(await claim('a'))).toBe(taken);
  });

  it('is not served past its retention, counted from before the completion was sent', async () => {
    const { store, claim, faults, others, runtime } = rig();
    await store.claim(claimOf('a', 't'));
    faults.next('complete', { kind: 'delay', delayMs: 400 });
    const completed = store.complete({ ...completionOf('a', 't'), retentionMs: 1_000 });
    await runtime.advance(400);
    expect(await completed).toBe('completed');
    await others.erase('principal');
    await runtime.advance(599);
    expect(told(await claim('a'))).toBe(served);
    await runtime.advance(1);
    expect(told(await claim('a'))).toBe(taken);
  });

  it('goes by a clock that nobody sets', async () => {
    const { complete, claim, others, runtime } = rig();
    await complete('a');
    await others.erase('principal');
    runtime.jumpWallClock(-3_600_000);
    expect(told(await claim('a'))).toBe(served);
    await runtime.advance(10_000);
    expect(told(await claim('a'))).toBe(taken);
  });

  it('cannot be changed by whoever got its bytes', async () => {
    const { store, claim } = rig();
    await store.claim(claimOf('a', 't'));
    const completion = completionOf('a', 't');
    await store.complete(completion);
    completion.result.bytes.fill(0);
    const first = await claim('a');
    if (first.outcome === 'completed') first.result.bytes.fill(0);
    expect(told(await claim('a'))).toBe(served);
  });
});

describe('the cache forgets', () => {
  it('at an erase of its own process, and what was completed meanwhile', async () => {
    const { store, complete, claim, faults, runtime } = rig();
    await complete('a');
    await store.claim(claimOf('late', 't'));
    faults.next('complete', { kind: 'delay', delayMs: 0 });
    const late = store.complete(completionOf('late', 't'));
    const erased = store.erase('principal');
    await runtime.advance(0);
    expect([await erased, await late]).toEqual([2, 'lost']);
    expect(told(await claim('a'))).toBe(taken);
  });

  it('a completion that was applied before an erase and answered after it', async () => {
    const { runtime, others } = rig();
    const answered = Promise.withResolvers<void>();
    const complete = others.complete.bind(others);
    others.complete = async (request) => {
      const outcome = await complete(request);
      await answered.promise;
      return outcome;
    };
    const store = cachedStore(others, { runtime });
    await store.claim(claimOf('a', 't'));
    const completed = store.complete(completionOf('a', 't'));
    expect(await store.erase('principal')).toBe(1);
    answered.resolve();
    expect(await completed).toBe('completed');
    expect(told(await store.claim(claimOf('a', 'u')))).toBe(taken);
  });

  it('at an operator’s decision', async () => {
    const { store, complete, others, claim } = rig();
    await complete('a');
    await others.erase('principal');
    await store.resolve({ id: 'a', token: 't', resolution: { decision: 'forget' } });
    expect(told(await claim('a'))).toBe(taken);
  });

  it('the oldest answers, when there are more bytes than it may hold', async () => {
    const { complete, claim, others } = rig({ maxBytes: 3_000 });
    for (const id of ['a', 'b', 'c']) await complete(id, 'x'.repeat(900));
    await complete('huge', 'x'.repeat(2_900));
    await others.erase('principal');
    const outcomes = await Promise.all(['a', 'b', 'c', 'huge'].map(async (id) => (await claim(id)).outcome));
    expect(outcomes).toEqual(['claimed', 'completed', 'completed', 'claimed']);
  });
});

describe('the cache keeps out', () => {
  it('what the store refused for its size', async () => {
    const { complete, claim } = rig();
    expect(await complete('a', 'x'.repeat(20_000))).toBe('tombstoned');
    expect(told(await claim('a'))).toBe('tombstone gone');
  });

  it('what another worker completed', async () => {
    const { store, claim, others } = rig();
    await store.claim(claimOf('a', 't'));
    await others.resolve({ id: 'a', token: 't', resolution: { decision: 'forget' } });
    await others.erase('principal');
    await others.claim(claimOf('a', 'u'));
    await others.complete(completionOf('a', 'u', 'theirs'));
    expect(await store.complete(completionOf('a', 't', 'ours'))).toBe('lost');
    expect(told(await claim('a'))).toBe('value theirs');
  });

  it('a completion whose first reply was lost, since the record may hold another result', async () => {
    const { store, claim, faults } = rig();
    await store.claim(claimOf('a', 't'));
    faults.next('complete', { kind: 'lose-reply' });
    await store.complete(completionOf('a', 't', 'first')).catch(() => {});
    expect(await store.complete(completionOf('a', 't', 'second'))).toBe('completed');
    expect(told(await claim('a'))).toBe('value first');
  });

  it('what the same token claimed with two fingerprints, whoever tried to complete it in between', async () => {
    const { store, claim } = rig();
    await store.claim(claimOf('a', 't'));
    expect(await store.complete(completionOf('a', 'other'))).toBe('lost');
    await store.claim(claimOf('a', 't', { fingerprint: 'second', acceptable: ['second'] }));
    await store.complete(completionOf('a', 't'));
    expect(await claim('a')).toMatchObject({ outcome: 'completed', fingerprint: 'print' });
  });

  it('later attempts, whose record may have an earlier fingerprint', async () => {
    const { store, others } = rig();
    const older = { fingerprint: 'older', acceptable: ['older'] };
    await others.claim(claimOf('a', 't', older));
    await others.saveStep({ id: 'a', token: 't', name: 'step', value: bytesOf('x') });
    await others.release({ id: 'a', token: 't', retentionMs: 60_000 });
    const both = { fingerprint: 'newer', acceptable: ['newer', 'older'] };
    expect(await store.claim(claimOf('a', 'u', both))).toMatchObject({ outcome: 'claimed', attempt: 2 });
    await store.complete(completionOf('a', 'u'));
    expect(await store.claim(claimOf('a', 'v', both))).toMatchObject({ outcome: 'completed', fingerprint: 'older' });
  });
});

describe('a guard on a cached store', () => {
  const cached = () => {
    const runtime = manualRuntime();
    const { store, faults } = faultyStore(memoryStore({ runtime }), runtime);
    return { runtime, faults, store: cachedStore(store, { runtime }) };
  };

  it('refuses another payload, and keeps scopes apart', async () => {
    const { store, runtime, faults } = cached();
    const { send } = layerRig({ store, runtime });
    await send({ key: 'k' });
    const claims = faults.calls.get('claim');
    expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: 'run 1' });
    expect(await send({ key: 'k', body: '{"amount":1}' })).toMatchObject({ status: 422, code: 'key-reused' });
    expect(faults.calls.get('claim')).toBe(claims);
    expect(await send({ key: 'k', tenant: 'acct_2' })).toMatchObject({ text: 'run 2' });
  });

  it('asks the application before every replay', async () => {
    const { store, runtime } = cached();
    let allowed = true;
    const { send } = layerRig({ store, runtime, authorizeReplay: () => allowed });
    await send({ key: 'k' });
    expect(await send({ key: 'k' })).toMatchObject({ status: 201 });
    allowed = false;
    expect(await send({ key: 'k' })).toMatchObject({ status: 403 });
  });

  it('may run again what was released', async () => {
    const { store, runtime } = cached();
    const { send, runs } = layerRig({ store, runtime, afterFailure: 'rerun' });
    await send({ key: 'k' }, () => captured(429));
    expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: 'run 2' });
    expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: 'run 2' });
    expect(runs()).toBe(2);
  });
});

it.each(['around', 'inside'])('works %s an encrypted store', async (place) => {
  const runtime = manualRuntime();
  const keys = { currentKey: 'k1', keys: { k1: new Uint8Array(32).fill(7) } };
  const { store: beneath, faults } = faultyStore(memoryStore({ runtime }), runtime);
  const store =
    place === 'around'
      ? cachedStore(encryptedStore(beneath, keys), { runtime })
      : encryptedStore(cachedStore(beneath, { runtime }), keys);
  expect(store.sealed).toBe(true);
  await store.claim(claimOf('a', 't'));
  await store.complete(completionOf('a', 't'));
  expect(told(await store.claim(claimOf('a', 'u')))).toBe(served);
  expect(faults.calls.get('claim')).toBe(1);
});

it.each([{ maxBytes: 0 }, { maxAgeMs: 0 }, { maxAgeMs: 3_600_001 }])('refuses %o', (options) => {
  expect(() => cachedStore(memoryStore(), options)).toThrow(LatchkeyError);
});

it('hands the outbox of a store through', async () => {
  const { store, dispose } = await wrappedSqlite(undefined, (beneath, runtime) => cachedStore(beneath, { runtime }));
  expect(store.outbox).toBeDefined();
  await dispose();
});
