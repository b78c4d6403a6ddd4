import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { callsOf, type Rig, storeOf } from './rig.ts';

const mebibyte = 2 ** 20;

const completion = (id: string, token: string, bytes: Uint8Array) => ({
  ...completionOf(id, token),
  result: { kind: 'value', bytes } as const,
});

export function partTests(rig: () => Rig): void {
  describe('values in parts', () => {
    it('are written before the record, and read back completely', async () => {
      const { store, client, items } = await storeOf(rig(), { maxResultBytes: 2 * mebibyte });
      const bytes = randomBytes(2 * mebibyte);
      await store.claim(claimOf('x', 'a'));
      const calls = await callsOf(client, () => store.complete(completion('x', 'a', bytes)));
      expect(calls).toEqual([...Array<string>(6).fill('PutItem'), 'UpdateItem']);
      const outcome = await store.claim(claimOf('x', 'b'));
      expect(outcome.outcome === 'completed' && bytes.equals(outcome.result.bytes)).toBe(true);
      expect(bytes.equals((await store.read('x'))?.result?.bytes ?? Buffer.of())).toBe(true);
      const { records } = await store.list({ state: 'completed', limit: 10 });
      expect(records.map(({ result }) => result?.bytes.byteLength)).toEqual([2 * mebibyte]);
      expect(await items()).toHaveLength(7);
    });

    it('leave a tombstone over the limit, and no parts', async () => {
      const { store, items } = await storeOf(rig(), { maxResultBytes: mebibyte });
      await store.claim(claimOf('x', 'a'));
      expect(await store.complete(completion('x', 'a', randomBytes(mebibyte + 1)))).toBe('tombstoned');
      expect(await items()).toHaveLength(1);
    });

    it('are removed with a lost completion; those of the winner stay', async () => {
      const { store, items, runtime } = await storeOf(rig());
      await store.claim(claimOf('x', 'a', { policy: 'rerun' }));
      await runtime.advance(30_000);
      await store.claim(claimOf('x', 'b', { takeover: 'rerun' }));
      const bytes = randomBytes(100_000);
      expect(await store.complete(completion('x', 'b', bytes))).toBe('completed');
      expect(await store.complete(completion('x', 'a', bytes))).toBe('lost');
      expect(await items()).toHaveLength(2);
      expect(await store.complete(completion('x', 'b', bytes))).toBe('completed');
      expect(await store.complete(completion('x', 'b', randomBytes(50_000)))).toBe('completed');
      expect(await items()).toHaveLength(2);
      expect(bytes.equals((await store.read('x'))?.result?.bytes ?? Buffer.of())).toBe(true);
    });

    it('are removed with their record', async () => {
      const { store, items, runtime } = await storeOf(rig());
      for (const id of ['x', 'y']) {
        await store.claim(claimOf(id, 'a', { principal: id }));
        await store.saveStep({ id, token: 'a', name: 'long', value: randomBytes(20_000) });
        await store.complete(completion(id, 'a', randomBytes(100_000)));
      }
      expect(await items()).toHaveLength(6);
      expect(await store.erase('x')).toBe(1);
      expect(await items()).toHaveLength(3);
      await runtime.advance(60_000);
      expect(await store.sweep(10)).toBe(1);
      expect(await items()).toEqual([]);
      await store.claim(claimOf('z', 'a'));
      await store.saveStep({ id: 'z', token: 'a', name: 'long', value: randomBytes(20_000) });
      await store.abandon({ id: 'z', token: 'a', unresolvedRetentionMs: 60_000 });
      expect(await items()).toHaveLength(2);
      expect(await store.resolve({ id: 'z', token: 'a', resolution: { decision: 'forget' } })).toBe(true);
      expect(await items()).toEqual([]);
    });

    it('are refused when one is missing, changed, or another’s', async () => {
      const { store, client, table, items } = await storeOf(rig());
      await store.claim(claimOf('x', 'a'));
      await store.complete(completion('x', 'a', randomBytes(500_000)));
      const [part] = (await items()).filter((item) => item['by'] !== undefined);
      const unreadable = { code: 'record-unreadable' };
      const sameLength = randomBytes(part?.['by']?.B?.byteLength ?? 0);
      for (const harm of [{ by: { B: randomBytes(10) } }, { tk: { S: 'b' } }, { by: { B: sameLength } }]) {
        await client.putItem({ TableName: table, Item: { ...part, ...harm } });
        await expect(store.claim(claimOf('x', 'b'))).rejects.toMatchObject(unreadable);
        await expect(store.read('x')).rejects.toMatchObject(unreadable);
      }
      await client.deleteItem({ TableName: table, Key: { pk: part?.['pk'] ?? { S: '' } } });
      await expect(store.claim(claimOf('x', 'b'))).rejects.toMatchObject(unreadable);
      expect((await items()).filter((item) => item['ph']?.S === 'completed')).toHaveLength(1);
    });

    it('are steps that are long or many; all keep their order', async () => {
      const { store, items, runtime } = await storeOf(rig());
      await store.claim(claimOf('x', 'a', { policy: 'rerun' }));
      const values = [10, 9_000, 3_000, 3_000, 3_000, 20, 500_000].map((length) => randomBytes(length));
      for (const [index, value] of values.entries())
        for (const name of [`step-${index}`, `step-${index}`])
          expect(await store.saveStep({ id: 'x', token: 'a', name, value })).toBe(true);
      expect(await store.saveStep({ id: 'x', token: 'b', name: 'other', value: randomBytes(9_000) })).toBe(false);
      // The record itself, 9,000 bytes, the third step of 3,000, and two of 500,000.
      expect(await items()).toHaveLength(5);
      await runtime.advance(30_000);
      const outcome = await store.claim(claimOf('x', 'b', { takeover: 'rerun' }));
      const saved = outcome.outcome === 'claimed' ? [...outcome.steps] : [];
      expect(saved.map(([name]) => name)).toEqual(values.map((_, index) => `step-${index}`));
      expect(saved.every(([, value], index) => values[index]?.equals(value))).toBe(true);
    });

    it('may be many concurrent steps, and none is lost or refused', async () => {
      const { store } = await storeOf(rig());
      await store.claim(claimOf('x', 'a'));
      const names = Array.from({ length: 60 }, (_, index) => `step-${index}`);
      const save = (name: string) => store.saveStep({ id: 'x', token: 'a', name, value: randomBytes(9_000) });
      expect(await Promise.all(names.map(save))).toEqual(names.map(() => true));
      expect([...((await store.read('x'))?.steps.keys() ?? [])]).toEqual(names);
    });

    it('are refused before the item is full, so the record can still be completed', async () => {
      const { store, items } = await storeOf(rig());
      await store.claim(claimOf('x', 'a', { request: randomBytes(300_000) }));
      const save = (index: number) =>
        store.saveStep({ id: 'x', token: 'a', name: `${index}`.padStart(200, '0'), value: randomBytes(9_000) });
      let saved = 0;
      const full = await (async () => {
        for (; ; saved += 1) await save(saved);
      })().catch((error: unknown) => error);
      expect(full).toMatchObject({ code: 'too-many-steps', message: expect.stringMatching('Do more in each step') });
      expect(saved).toBeGreaterThan(100);
      expect(await items()).toHaveLength(1 + saved);
      expect(await save(0)).toBe(true);
      expect(await store.complete(completion('x', 'a', randomBytes(32_768)))).toBe('completed');
    });

    it('may be saved concurrently with short ones', async () => {
      const { store } = await storeOf(rig());
      await store.claim(claimOf('x', 'a'));
      const names = Array.from({ length: 8 }, (_, index) => `step-${index}`);
      const save = (name: string) => store.saveStep({ id: 'x', token: 'a', name, value: bytesOf(name.repeat(300)) });
      expect(await Promise.all([...names, ...names].map(save))).toEqual(Array<boolean>(16).fill(true));
      const steps = (await store.read('x'))?.steps ?? new Map();
      expect([...steps.keys()].sort()).toEqual(names);
      for (const [name, value] of steps) expect(new TextDecoder().decode(value)).toBe(name.repeat(300));
    });
  });
}
