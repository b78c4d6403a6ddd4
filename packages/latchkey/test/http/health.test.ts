import { expect, it } from 'vitest';
import { LatchkeyError } from '../../src/core/errors.ts';
import type { OperatorStore } from '../../src/core/store.ts';
import { encryptedStore } from '../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { layerRig } from './layer-rig.ts';

/** A memory store with these members. */
const storeWith = (members: Partial<OperatorStore>): OperatorStore => Object.assign(memoryStore(), members);

const healthOf = (members: Partial<OperatorStore>) => layerRig({ store: storeWith(members) }).layer.health();

it('is good while the store answers', async () => {
  const { layer } = layerRig();
  expect(await layer.health()).toEqual({
    ok: true,
    shuttingDown: false,
    store: { name: 'memory', reachable: true, latencyMs: 0 },
    migrations: 'applied',
    findings: [],
  });
});

it('is bad while the store fails, with the code of its error, and good again afterwards', async () => {
  const { layer, faults } = layerRig();
  faults.next('ping', { kind: 'fail' });
  expect(await layer.health()).toMatchObject({
    ok: false,
    store: { reachable: false, error: 'store-unavailable' },
    migrations: 'unknown',
  });
  expect(await layer.health()).toMatchObject({ ok: true });
});

it('takes at most five seconds of the runtime, even if nothing answers', async () => {
  const never = () => new Promise<never>(() => {});
  const { layer, runtime } = layerRig({ store: storeWith({ ping: never, now: never, doctor: never }) });
  let health: unknown;
  void layer.health().then((found) => {
    health = found;
  });
  await runtime.advance(4_999);
  expect(health).toBeUndefined();
  await runtime.advance(1);
  expect(health).toMatchObject({ ok: false, store: { reachable: false, latencyMs: 5_000 }, findings: [] });
});

it('measures the ping alone', async () => {
  const { runtime } = layerRig();
  const after = (ms: number) => new Promise<void>((resolve) => void runtime.timers.set(resolve, ms));
  const store = storeWith({ ping: () => after(20), doctor: () => after(300).then(() => []) });
  const health = layerRig({ store, runtime }).layer.health();
  await runtime.advance(300);
  expect(await health).toMatchObject({ ok: true, store: { latencyMs: 20 } });
});

it.each([
  ['schema-missing', 'missing'],
  ['schema-mismatch', 'mismatch'],
  ['store-unavailable', 'unknown'],
] as const)('after %s the migrations are %s', async (code, migrations) => {
  const ping = () => Promise.reject(new LatchkeyError(code, 'secret'));
  const health = await healthOf({ ping });
  const reachable = migrations !== 'unknown';
  expect(health).toMatchObject({ ok: false, migrations, store: { error: code, reachable } });
  expect(JSON.stringify(health)).not.toContain('secret');
});

it('shows the difference of the clocks, and what the store finds wrong with its server, but not where that is', async () => {
  const { runtime } = layerRig();
  const finding = { code: 'eviction-policy', message: 'maxmemory-policy is allkeys-lru.' };
  for (const offsetMs of [-90_000, 0, 1_500]) {
    const now = async () => runtime.clock.now() + offsetMs;
    const store = storeWith({ now, doctor: async () => [{ ...finding, server: 'redis:6379' }] });
    const health = await layerRig({ store, runtime }).layer.health();
    expect(health).toMatchObject({ ok: true, clockOffsetMs: offsetMs });
    expect(health.findings).toEqual([finding]);
    expect(JSON.parse(JSON.stringify(health))).toEqual(health);
  }
});

it('never throws, whatever the store throws', async () => {
  const broken = () => {
    throw new Error('secret');
  };
  const health = await healthOf({ ping: broken, now: broken, doctor: broken });
  expect(health).toMatchObject({ ok: false, store: { error: 'store-unavailable' }, findings: [] });
});

it('is bad from the beginning of a shutdown on', async () => {
  const { layer } = layerRig();
  void layer.shutdown();
  expect(await layer.with({ afterFailure: 'rerun' }).health()).toMatchObject({
    ok: false,
    shuttingDown: true,
    store: { reachable: true },
  });
});

it('sees through encryption', async () => {
  const store = encryptedStore(storeWith({ now: async () => Number.NaN, doctor: async () => [] }), {
    keys: { a: new Uint8Array(32) },
    currentKey: 'a',
  });
  expect([typeof store.now, typeof store.doctor]).toEqual(['function', 'function']);
});
