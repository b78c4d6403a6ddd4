import { describe, expect, it } from 'vitest';
import { derivedKey, recordReference } from '../../src/core/support/digest.ts';
import { idempotent } from '../../src/function/idempotent.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import { operator } from '../../src/operator/index.ts';
import { encryptedStore } from '../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { manualRuntime } from '../../src/testing/index.ts';
import { captured, layerRig } from '../http/layer-rig.ts';
import { bytesOf, claimOf } from '../stores/requests.ts';
import { ann, created, lapse, takeOver } from './records.ts';

function rig() {
  const runtime = manualRuntime();
  const store = memoryStore({ runtime });
  return { runtime, store, people: operator({ store, runtime }) };
}

describe('the view of an operator', () => {
  it('lists a lapsed record with times, principal, operation and progress, without values', async () => {
    const { runtime, store, people } = rig();
    await lapse(store, 'a');
    const { records, next } = await people.list({ state: 'lapsed', limit: 10 });
    const now = runtime.clock.now();
    expect(next).toBeUndefined();
    expect(records).toEqual([
      {
        id: 'a',
        reference: recordReference('a'),
        token: 'token-of-a',
        operation: 'POST /charges',
        kind: 'http',
        principal: 'principal',
        state: 'lapsed',
        stuck: false,
        policy: 'refuse',
        attempt: 1,
        operationId: 'operation-of-token-of-a',
        createdAtMs: now,
        changedAtMs: now,
        leaseEndsAtMs: now,
        expiresAtMs: now + 30 * 86_400_000,
        steps: [{ name: 'charge', idempotencyKey: derivedKey('operation-of-token-of-a', 'charge') }],
        begun: [{ name: 'order', idempotencyKey: derivedKey('operation-of-token-of-a', 'order') }],
      },
    ]);
    expect(people.idempotencyKey('operation-of-token-of-a', 'mail')).toBe(
      derivedKey('operation-of-token-of-a', 'mail'),
    );
  });

  it('finds a record in any state by the reference of its problem', async () => {
    const { store, people } = rig();
    for (const id of ['a', 'b', 'c']) await lapse(store, id);
    await store.claim(claimOf('d', 'token'));
    for (const id of ['b', 'd']) {
      expect(await people.find(` ${recordReference(id).toLowerCase()} `)).toMatchObject({ id });
    }
    expect(await people.find('000000000000')).toBeUndefined();
  });

  it('lists and resolves a record whose encryption key is missing, marked as unreadable', async () => {
    const { runtime, store } = rig();
    const keys = { old: new Uint8Array(32).fill(1), new: new Uint8Array(32).fill(2) };
    await lapse(encryptedStore(store, { currentKey: 'old', keys }), 'a');
    await lapse(encryptedStore(store, { currentKey: 'new', keys }), 'b');
    const without = encryptedStore(store, { currentKey: 'new', keys: { new: keys.new } });
    const people = operator({ store: without, runtime });
    const { records } = await people.list({ state: 'lapsed', limit: 10 });
    expect(records.map(({ id, unreadable }) => [id, unreadable])).toEqual([
      ['a', true],
      ['b', undefined],
    ]);
    // The downstream keys are known nevertheless.
    const key = derivedKey('operation-of-token-of-a', 'charge');
    expect(records[0]?.steps).toEqual([{ name: 'charge', idempotencyKey: key }]);
    expect(await people.show('a')).toMatchObject({ unreadable: true, steps: [{ name: 'charge', unreadable: true }] });
    await expect(without.read('a')).rejects.toMatchObject({ code: 'encryption-key-missing' });
    await people.resolve('a', 'token-of-a', created, ann);
    expect(await people.show('a')).toMatchObject({ state: 'completed', result: { kind: 'value', status: 201 } });
    expect((await people.audit('a')).map(({ event }) => event)).toEqual(['decided', 'applied']);
  });

  it("shows the results of the steps, even if one can't be read", async () => {
    const { store, people } = rig();
    const { id } = await lapse(store, 'a');
    await store.claim(claimOf('b', 'b'));
    await store.saveStep({ id: 'b', token: 'b', name: 'odd', value: bytesOf('?') });
    const key = derivedKey('operation-of-token-of-a', 'charge');
    expect(await people.show(id)).toMatchObject({
      steps: [{ name: 'charge', idempotencyKey: key, value: { charge: 'ch_1' } }],
      audit: [],
      proposals: [],
      unfinished: [],
    });
    expect(await people.show('b')).toMatchObject({ steps: [{ name: 'odd', unreadable: true }] });
    expect(await people.show('none')).toBeUndefined();
  });

  it('shows the status of a completed record, not its answer', async () => {
    const { send, memory, runtime } = layerRig();
    await send({ key: 'k' }, () => captured(201, 'secret'));
    const people = operator({ store: memory, runtime });
    const [record] = (await people.list({ state: 'completed', limit: 10 })).records;
    const shown = await people.show(record?.id ?? '');
    expect(shown).toMatchObject({ state: 'completed', kind: 'http', result: { kind: 'value', status: 201 } });
    expect(JSON.stringify([record, shown])).not.toContain('secret');
  });

  it('shows the request, if it was saved and can be read', async () => {
    const runtime = manualRuntime();
    const store = memoryStore({ runtime });
    const people = operator({ store, runtime });
    const settings = { runtime, timing: { leaseMs: 1_000, maxRunMs: 2_000 }, afterFailure: 'rerun' } as const;
    const { send } = layerRig({ ...settings, store, request: { save: true } });
    void send({ key: 'k', body: '{"amount":1}' }, () => new Promise(() => {}));
    const options = { ...settings, store, name: 'job', key: () => 'k', saveInput: true };
    void idempotent((_: { at: number }) => new Promise(() => {}), options)({ at: 1 });
    await store.claim(claimOf('other', 'o', { fingerprint: 'own', acceptable: ['own'], request: bytesOf('asked') }));
    await store.claim(claimOf('odd', 'p', { fingerprint: '1.x', acceptable: ['1.x'], request: bytesOf('?') }));
    await runtime.advance(60_000);
    const { records } = await people.list({ state: 'lapsed', limit: 10 });
    const shown = await Promise.all(records.map(({ id }) => people.show(id)));
    const requests = shown.map((record) => record?.request);
    const http = requests.find((request) => request?.kind === 'http');
    expect(http).toMatchObject({ method: 'POST', target: '/v1/charges' });
    expect(http?.kind === 'http' && Buffer.from(http.body).toString()).toBe('{"amount":1}');
    expect(requests).toContainEqual({ kind: 'function', input: { at: 1 } });
    expect(requests).toContainEqual({ kind: 'other', bytes: bytesOf('asked') });
    expect(requests).toContainEqual({ kind: 'unreadable' });
  });

  it('finds the stuck records page by page, each once', async () => {
    const { store, people } = rig();
    for (let at = 0; at < 50; at += 1) {
      const { id } = await lapse(store, `record-${at}`);
      if (at % 7 === 0)
        for (let attempt = 2; attempt <= 10; attempt += 1) await takeOver(store, id, `${id}-${attempt}`);
    }
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await people.list({ state: 'stuck', limit: 3, ...(cursor !== undefined && { cursor }) });
      expect(page.records.every(({ stuck, attempt }) => stuck && attempt === 10)).toBe(true);
      expect(page.records.length).toBeLessThanOrEqual(3);
      found.push(...page.records.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(found.sort()).toEqual([0, 14, 21, 28, 35, 42, 49, 7].map((at) => `record-${at}`));
    expect((await people.list({ state: 'lapsed', limit: 1_000 })).records).toHaveLength(50);
  });

  it('takes the number of attempts of a stuck record from the guards and functions on the store', async () => {
    const { runtime, store, people } = rig();
    const { id } = await lapse(store, 'a');
    const isStuck = async () => (await people.show(id))?.stuck;
    idempotent(async () => 1, { store, runtime, name: 'job', key: String, timing: { maxAttempts: 1 } });
    expect(await isStuck()).toBe(true);
    createHttpLayer({ store, runtime, principal: () => 'acct_1', timing: { maxAttempts: 2 } });
    expect(await isStuck()).toBe(false);
    expect((await operator({ store, runtime, maxAttempts: 1 }).show(id))?.stuck).toBe(true);
    await takeOver(store, id, 'second');
    expect(await isStuck()).toBe(true);
  });

  it('keeps its own records out of every list', async () => {
    const { store, people } = rig();
    const { id, token } = await lapse(store, 'a');
    await people.resolve(id, token, created, ann);
    const { records } = await people.list({ state: 'completed', limit: 100 });
    expect(records.map((record) => record.id)).toEqual(['a']);
    const all = await store.list({ state: 'completed', limit: 100 });
    expect(all.records.length).toBeGreaterThan(1);
    for (const own of all.records.filter((record) => record.id !== 'a'))
      expect(await people.show(own.id)).toBeUndefined();
  });

  it('refuses invalid arguments', async () => {
    const { store, people } = rig();
    const invalid = { code: 'option-invalid' };
    await expect(people.list({ state: 'lapsed', limit: 0 })).rejects.toMatchObject(invalid);
    await expect(people.list({ state: 'gone' as never, limit: 1 })).rejects.toMatchObject(invalid);
    await expect(people.list({ state: 'stuck', limit: 1, cursor: '?' })).rejects.toMatchObject(invalid);
    expect(() => operator({ store, approvals: 3 as never })).toThrow(expect.objectContaining(invalid));
    expect(() => operator({ store, auditRetentionMs: 1 })).toThrow(expect.objectContaining(invalid));
    expect(() => operator({} as never)).toThrow(expect.objectContaining(invalid));
    expect(() => operator({ store, approval: 2 } as never)).toThrow(
      expect.objectContaining({ code: 'option-unknown' }),
    );
  });
});
