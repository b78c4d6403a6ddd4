import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { OperatorStore } from '../../../src/core/store.ts';
import { createHttpLayer } from '../../../src/http/create-layer.ts';
import { encryptedStore } from '../../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { temporaryFolder } from '../sqlite/handles.ts';

const keyOf = (fill: number) => new Uint8Array(32).fill(fill);
const old = { currentKey: 'old', keys: { old: keyOf(1) } };
const rotated = { currentKey: 'new', keys: { old: keyOf(1), new: keyOf(2) } };

type Claims = Pick<OperatorStore, 'claim'>;

async function replayed(store: Claims, id: string): Promise<string> {
  const outcome = await store.claim(claimOf(id, 'reader'));
  return outcome.outcome === 'completed' ? Buffer.from(outcome.result.bytes).toString() : outcome.outcome;
}

async function completeIn(store: OperatorStore, id: string, text: string): Promise<void> {
  await store.claim(claimOf(id, `token-${id}`));
  await store.complete(completionOf(id, `token-${id}`, text));
}

describe('encrypted store', () => {
  it('R62: leaves no body and no step in clear text in the file', async () => {
    const folder = await temporaryFolder();
    const path = folder.path('sealed.db');
    const store = encryptedStore(sqliteStore({ database: path }), old);
    await store.claim(claimOf('a', 'token', { request: bytesOf('secret request') }));
    await store.saveStep({ id: 'a', token: 'token', name: 'charge', value: bytesOf('secret step') });
    expect(Buffer.from((await store.read('a'))?.request ?? []).toString()).toBe('secret request');
    await store.complete(completionOf('a', 'token', 'secret answer'));
    const dump = await Promise.all([path, `${path}-wal`].map((file) => readFile(file, 'latin1')));
    expect(dump.join('')).not.toMatch(/secret/);
    expect(await replayed(store, 'a')).toBe('secret answer');
    await store.close();
    await folder.remove();
  });

  it('R62: refuses a value that was changed or moved from another record', async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, old);
    await completeIn(store, 'a', 'answer of a');
    const stolen = (await inner.read('a'))?.result;
    if (stolen === undefined) throw new Error('nothing stored');
    const changed = {
      ...stolen,
      bytes: stolen.bytes.map((byte, at) => (at === stolen.bytes.length - 20 ? byte ^ 1 : byte)),
    };
    for (const [id, result] of [
      ['moved', stolen],
      ['changed', changed],
    ] as const) {
      await inner.claim(claimOf(id, 'thief'));
      await inner.complete({ ...completionOf(id, 'thief'), result });
      await expect(replayed(store, id)).rejects.toMatchObject({ code: 'record-unreadable' });
    }
  });

  it('refuses a value that is not encrypted, or encrypted by another version, and does not change it', async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, old);
    await completeIn(store, 'a', 'answer');
    const sealed = (await inner.read('a'))?.result?.bytes ?? new Uint8Array();
    const spoilt = {
      plain: bytesOf('{"status":200}'),
      empty: new Uint8Array(),
      cut: sealed.subarray(0, 20),
      older: sealed.map((byte, at) => (at === 1 ? 0 : byte)),
      newer: sealed.map((byte, at) => (at === 1 ? 2 : byte)),
    };
    for (const [id, bytes] of Object.entries(spoilt)) {
      await inner.claim(claimOf(id, 'other'));
      await inner.complete({ ...completionOf(id, 'other'), result: { kind: 'value', bytes } });
      await expect(replayed(store, id)).rejects.toMatchObject({ code: 'record-unreadable' });
      expect((await inner.read(id))?.result?.bytes).toEqual(Buffer.from(bytes));
    }
  });

  it('refuses a request that was moved from another record, or that belongs to another payload', async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, old);
    await store.claim(claimOf('a', 'token', { request: bytesOf('pay 1') }));
    const request = (await inner.read('a'))?.request;
    if (request === undefined) throw new Error('nothing stored');
    await inner.claim(claimOf('moved', 'thief', { request }));
    await expect(store.read('moved')).rejects.toMatchObject({ code: 'record-unreadable' });
    await store.release({ id: 'a', token: 'token', retentionMs: 60_000 });
    await inner.claim(claimOf('a', 'thief', { request, fingerprint: 'print-2', acceptable: ['print-2'] }));
    await expect(store.read('a')).rejects.toMatchObject({ code: 'record-unreadable' });
  });

  it('reads values encrypted before the keys were rotated, and encrypts with the new key', async () => {
    const inner = memoryStore();
    await completeIn(encryptedStore(inner, old), 'a', 'before');
    const store = encryptedStore(inner, rotated);
    expect(await replayed(store, 'a')).toBe('before');
    await completeIn(store, 'b', 'after');
    expect(await replayed(encryptedStore(inner, { currentKey: 'new', keys: { new: keyOf(2) } }), 'b')).toBe('after');
  });

  it('a missing key is an error, never a rerun', async () => {
    const inner = memoryStore();
    const first = encryptedStore(inner, old);
    await completeIn(first, 'done', 'answer');
    await first.claim(claimOf('open', 'token'));
    await first.saveStep({ id: 'open', token: 'token', name: 'charge', value: bytesOf('charged') });
    await first.release({ id: 'open', token: 'token', retentionMs: 60_000 });
    const without = encryptedStore(inner, { currentKey: 'new', keys: { new: keyOf(2) } });
    for (const id of ['done', 'open']) {
      await expect(without.claim(claimOf(id, `late-${id}`))).rejects.toMatchObject({ code: 'encryption-key-missing' });
    }
    const again = await encryptedStore(inner, rotated).claim(claimOf('open', 'back'));
    expect(again).toMatchObject({ outcome: 'claimed', steps: new Map([['charge', Buffer.from('charged')]]) });
  });

  it("lists a record that it can't decrypt with the others, and marks it", async () => {
    const inner = memoryStore();
    const [first, later] = [encryptedStore(inner, old), encryptedStore(inner, rotated)];
    await completeIn(first, 'old', 'answer');
    await completeIn(later, 'new', 'answer');
    await inner.claim(claimOf('changed', 'token'));
    await inner.complete(completionOf('changed', 'token', 'never sealed'));
    const without = encryptedStore(inner, { currentKey: 'new', keys: { new: keyOf(2) } });
    const { records } = await without.list({ state: 'completed', limit: 10 });
    const marks = records.map(({ id, unreadable }) => [id, unreadable]).sort();
    expect(marks).toEqual([
      ['changed', true],
      ['new', undefined],
      ['old', true],
    ]);
    const opened = records.find(({ id }) => id === 'new')?.result?.bytes;
    expect(Buffer.from(opened ?? []).toString()).toBe('answer');
  });

  it('fails to list while its key service is down', async () => {
    const inner = memoryStore();
    await completeIn(encryptedStore(inner, old), 'a', 'answer');
    const down = async (): Promise<Uint8Array> => Promise.reject(new Error('key service down'));
    const page = encryptedStore(inner, { currentKey: 'old', keys: down }).list({ state: 'completed', limit: 10 });
    await expect(page).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it("a lapsed record whose steps can't be decrypted stays lapsed", async () => {
    const inner = memoryStore();
    const first = encryptedStore(inner, old);
    await first.claim(claimOf('a', 'dead'));
    await first.saveStep({ id: 'a', token: 'dead', name: 'charge', value: bytesOf('charged') });
    await first.abandon({ id: 'a', token: 'dead', unresolvedRetentionMs: 60_000 });
    const without = encryptedStore(inner, { currentKey: 'new', keys: { new: keyOf(2) } });
    const takeover = claimOf('a', 'hook', { takeover: 'any' });
    await expect(without.claim(takeover)).rejects.toMatchObject({ code: 'encryption-key-missing' });
    expect((await inner.read('a'))?.state).toBe('lapsed');
  });

  it('only a process that has the token can complete', async () => {
    const inner = memoryStore();
    await encryptedStore(inner, old).claim(claimOf('a', 'token'));
    const other = encryptedStore(inner, old);
    expect(await other.complete(completionOf('a', 'thief'))).toBe('lost');
    expect(await other.complete(completionOf('a', 'token', 'answer'))).toBe('completed');
    expect(await replayed(other, 'a')).toBe('answer');
  });

  it('a missing or failing current key stops the claim before anything is stored', async () => {
    const inner = memoryStore();
    const down = async (): Promise<Uint8Array> => Promise.reject(new Error('key service down'));
    for (const [keys, code] of [
      [{}, 'encryption-key-missing'],
      [down, 'store-unavailable'],
      [{ k: new Uint8Array(16) }, 'option-invalid'],
    ] as const) {
      await expect(encryptedStore(inner, { currentKey: 'k', keys }).claim(claimOf('a', 't'))).rejects.toMatchObject({
        code,
      });
    }
    expect(await inner.read('a')).toBeUndefined();
  });

  it('calls an async provider once for each version', async () => {
    const asked: string[] = [];
    const keys = async (version: string) => {
      asked.push(version);
      return keyOf(1);
    };
    const store = encryptedStore(memoryStore(), { currentKey: 'k', keys });
    for (const id of ['a', 'b', 'c']) await completeIn(store, id, id);
    expect(await replayed(store, 'b')).toBe('b');
    expect(asked).toEqual(['k']);
  });

  it('a guard refuses it without a fingerprint secret', () => {
    const options = { store: encryptedStore(memoryStore(), old), principal: 'anonymous' } as const;
    expect(() => createHttpLayer(options)).toThrow(/fingerprint\.secrets/);
    expect(() => createHttpLayer({ ...options, fingerprint: { secrets: ['x'.repeat(32)] } })).not.toThrow();
  });
});
