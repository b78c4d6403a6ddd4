import { describe, expect, it } from 'vitest';
import type { OperatorStore } from '../../../src/core/store.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { manualRuntime } from '../../../src/testing/index.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';

const full = { code: 'store-unavailable', retryAfterMs: 1_000 };

async function fill(store: OperatorStore, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await store.claim(claimOf(`id-${index}`, 'a'));
    await store.complete(completionOf(`id-${index}`, 'a'));
  }
}

describe('limits of the memory store', () => {
  it('refuses claims at maxRecords, and drops no live record', async () => {
    const runtime = manualRuntime();
    const store = memoryStore({ maxRecords: 3, runtime });
    await fill(store, 3);
    await expect(store.claim(claimOf('one more', 'a'))).rejects.toMatchObject(full);
    for (const index of [0, 1, 2]) expect((await store.read(`id-${index}`))?.state).toBe('completed');
    expect((await store.claim(claimOf('id-0', 'b'))).outcome).toBe('completed');
  });

  it('makes room by removing any expired record', async () => {
    const runtime = manualRuntime();
    const store = memoryStore({ maxRecords: 3, runtime });
    await store.claim(claimOf('long', 'a'));
    await store.complete({ ...completionOf('long', 'a'), retentionMs: 1_000_000 });
    await store.claim(claimOf('short', 'a'));
    await store.complete({ ...completionOf('short', 'a'), retentionMs: 1 });
    await store.claim(claimOf('running', 'a'));
    await runtime.advance(1);
    expect((await store.claim(claimOf('new', 'a'))).outcome).toBe('claimed');
    await expect(store.claim(claimOf('one more', 'a'))).rejects.toMatchObject(full);
    expect((await store.read('long'))?.state).toBe('completed');
    expect((await store.read('running'))?.state).toBe('running');
  });

  it('refuses claims at maxBytes, and reuses freed bytes', async () => {
    const runtime = manualRuntime();
    const store = memoryStore({ maxBytes: 5_000, runtime });
    await store.claim(claimOf('large', 'a'));
    await store.complete(completionOf('large', 'a', 'x'.repeat(3_800)));
    await expect(store.claim(claimOf('one more', 'a'))).rejects.toMatchObject(full);
    expect(await store.erase('principal')).toBe(1);
    expect((await store.claim(claimOf('one more', 'a'))).outcome).toBe('claimed');
  });

  it('leaves a tombstone of a result that no longer fits', async () => {
    const store = memoryStore({ maxBytes: 2_000, runtime: manualRuntime() });
    await store.claim(claimOf('x', 'a'));
    expect(await store.complete(completionOf('x', 'a', 'x'.repeat(2_000)))).toBe('tombstoned');
    expect((await store.read('x'))?.result).toEqual({ kind: 'tombstone', bytes: Buffer.from('gone') });
  });

  it('refuses a step that does not fit, without losing the record', async () => {
    const store = memoryStore({ maxBytes: 2_000, runtime: manualRuntime() });
    await store.claim(claimOf('x', 'a'));
    const step = { id: 'x', token: 'a', name: 'step', value: bytesOf('x'.repeat(2_000)) };
    await expect(store.saveStep(step)).rejects.toMatchObject(full);
    expect(await store.saveStep({ ...step, value: bytesOf('small') })).toBe(true);
    expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
  });

  it('counts requests in its bytes, until their records are completed', async () => {
    const store = memoryStore({ maxBytes: 5_000, runtime: manualRuntime() });
    const request = bytesOf('x'.repeat(3_000));
    await expect(store.claim(claimOf('x', 'a', { request: bytesOf('x'.repeat(5_000)) }))).rejects.toMatchObject(full);
    await store.claim(claimOf('x', 'a', { request }));
    await expect(store.claim(claimOf('y', 'a', { request }))).rejects.toMatchObject(full);
    await store.claim(claimOf('y', 'a'));
    await store.release({ id: 'y', token: 'a', retentionMs: 60_000 });
    await expect(store.claim(claimOf('y', 'b', { request }))).rejects.toMatchObject(full);
    expect((await store.read('y'))?.state).toBe('open');
    expect(await store.complete(completionOf('x', 'a', 'x'.repeat(3_000)))).toBe('completed');
    await store.erase('principal');
    for (let round = 0; round < 10; round += 1) {
      await store.claim(claimOf('z', `a${round}`, { request }));
      await store.release({ id: 'z', token: `a${round}`, retentionMs: 60_000 });
    }
    expect(await store.complete(completionOf('z', 'nobody'))).toBe('lost');
    await store.claim(claimOf('z', 'last'));
    expect((await store.claim(claimOf('w', 'a', { request }))).outcome).toBe('claimed');
  });

  it('runs forever in a steady state, since expired records make room for new ones', async () => {
    const runtime = manualRuntime();
    const store = memoryStore({ maxRecords: 100, maxBytes: 200_000, runtime });
    for (let round = 0; round < 2_000; round += 1) {
      const id = `id-${round}`;
      await store.claim(claimOf(id, 'a'));
      await store.complete({ ...completionOf(id, 'a'), retentionMs: 990 });
      if (round % 10 === 9) await runtime.advance(100);
    }
    expect(await store.sweep(1_000)).toBeLessThanOrEqual(100);
  });

  it('refuses an unknown option and an invalid limit by name', () => {
    const slip = { maxRecords: 5, maxByte: 5 };
    expect(() => memoryStore(slip)).toThrow(expect.objectContaining({ code: 'option-unknown' }));
    for (const maxRecords of [0, -1, 1.5, Number.NaN])
      expect(() => memoryStore({ maxRecords })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
