import { describe, expect, it } from 'vitest';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import { digestParts, principalDigest } from '../../src/core/support/digest.ts';
import { operator } from '../../src/operator/index.ts';
import { encryptedStore } from '../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { manualRuntime } from '../../src/testing/index.ts';
import { claimOf } from '../stores/requests.ts';
import { ann, ben, created, lapse } from './records.ts';

const day = 86_400_000;

function rig() {
  const runtime = manualRuntime();
  const store = memoryStore({ runtime });
  const events: LatchkeyEvent[] = [];
  return { runtime, store, events, people: operator({ store, runtime, onEvent: (event) => void events.push(event) }) };
}

/** Every record of the store's, as text. */
async function dumpOf(store: ReturnType<typeof memoryStore>): Promise<string> {
  const { records } = await store.list({ state: 'completed', limit: 1_000 });
  return records.map((record) => Buffer.from(record.result?.bytes ?? []).toString('latin1')).join('\n');
}

describe('the audit', () => {
  it('contains who, why, when and what, and no body, token or key', async () => {
    const { runtime, store, people, events } = rig();
    const { id, token } = await lapse(store, 'a');
    await people.resolve(id, token, { response: { status: 201, body: 'card 4242' } }, ann);
    const audit = await people.audit(id);
    const { decisionId, decision } = audit[0] ?? {};
    const common = {
      atMs: runtime.clock.now(),
      decisionId,
      id: 'a',
      token: digestParts('token', token),
      ...ann,
      record: { operation: 'POST /charges', operationId: `operation-of-${token}`, attempt: 1, policy: 'refuse' },
      decision: { kind: 'respond', status: 201, digest: decision?.digest },
    };
    expect(audit).toEqual([
      { event: 'decided', ...common },
      { event: 'applied', ...common },
    ]);
    expect((await people.log({ limit: 10 })).entries).toEqual(audit);
    expect(JSON.stringify(audit)).not.toMatch(/4242|"token-of-a"/);
    expect(events.map((event) => (event.type === 'audited' ? [event.event, event.decision] : event.type))).toEqual([
      ['decided', 'respond'],
      ['applied', 'respond'],
    ]);
    await store.erase('principal');
    expect(await dumpOf(store)).not.toContain('4242');
    expect(await people.audit(id)).toEqual(audit);
  });

  it('has who erased a principal, and why, before and after', async () => {
    const { store, people, events } = rig();
    const principal = principalDigest('acct_1');
    for (const id of ['a', 'b']) await lapse(store, id, { principal });
    expect(await people.erase(principal, { who: ' ann ', why: 'The account was closed.' })).toBe(2);
    expect((await people.list({ state: 'lapsed', limit: 10 })).records).toEqual([]);
    const audit = await people.audit(principal);
    expect(audit).toMatchObject([
      { event: 'erasing', id: principal, who: 'ann', why: 'The account was closed.' },
      { event: 'erased', id: principal, who: 'ann', why: 'The account was closed.' },
    ]);
    expect((await people.log({ limit: 10 })).entries).toEqual(audit);
    expect(events.map((event) => event.type === 'audited' && event.event)).toEqual(['erasing', 'erased']);
  });

  it('has the erasure of a principal even if the store fails', async () => {
    const { store, people } = rig();
    store.erase = async () => Promise.reject(new Error('out of order'));
    await expect(people.erase(principalDigest('acct_1'), ann)).rejects.toThrow('out of order');
    expect(await people.audit(principalDigest('acct_1'))).toMatchObject([{ event: 'erasing' }]);
    await expect(people.erase('', ann)).rejects.toMatchObject({ code: 'option-invalid' });
  });

  it('stays when principals are erased, whatever their names', async () => {
    const { store, people } = rig();
    const { id, token } = await lapse(store, 'a');
    await people.resolve(id, token, 'forget', ann);
    for (const name of ['operator', 'latchkey:audit', '']) await store.erase(principalDigest(name));
    expect(await people.audit(id)).toHaveLength(2);
  });

  it('is not changed by a claim of one of its entries', async () => {
    const { store, people } = rig();
    const { id, token } = await lapse(store, 'a');
    await people.resolve(id, token, 'forget', ann);
    const { records } = await store.list({ state: 'completed', limit: 10 });
    for (const entry of records) expect((await store.claim(claimOf(entry.id, 'x'))).outcome).toBe('completed');
    for (const entry of records)
      await expect(people.resolve(entry.id, entry.token, 'forget', ann)).rejects.toMatchObject({
        code: 'resolution-stale',
      });
  });

  it('has a position for the entry of a process that died while writing', async () => {
    const { runtime, store, people } = rig();
    const { id, token } = await lapse(store, 'a');
    await people.resolve(id, token, created, ann);
    const { records } = await store.list({ state: 'completed', limit: 10 });
    const next = digestParts('audit', 'record', id, String(Math.floor(runtime.clock.now() / (400 * day))), '2');
    const print = records.find((record) => record.operation === 'latchkey:audit')?.fingerprint ?? '';
    await store.claim(claimOf(next, 'dead', { fingerprint: print, acceptable: [print], leaseMs: 10_000 }));
    const refused = people.resolve(id, token, created, ben).catch((error: { code: string }) => error.code);
    await runtime.advance(9_000);
    expect(await people.audit(id)).toHaveLength(2);
    await runtime.advance(3_000);
    expect(await refused).toBe('resolution-stale');
    expect((await people.audit(id)).map(({ event }) => event)).toEqual(['decided', 'applied', 'refused']);
  });

  it('keeps entries for at least 400 days, and lets them expire together', async () => {
    const { runtime, store, people } = rig();
    const { id, token } = await lapse(store, 'a');
    await people.resolve(id, token, created, ann);
    await runtime.advance(30 * day);
    const again = await lapse(store, 'a');
    await people.resolve(id, again.token, 'forget', ben);
    await runtime.advance(399 * day);
    expect((await people.audit(id)).map(({ who }) => who)).toEqual(['ann', 'ann', 'ben', 'ben']);
    expect((await people.log({ limit: 10 })).entries.map(({ who }) => who)).toEqual(['ben', 'ben']);
    await runtime.advance(2 * day);
    expect((await people.log({ limit: 10 })).entries).toEqual([]);
    await runtime.advance(400 * day);
    expect(await people.audit(id)).toEqual([]);
  });

  it('continues in the next period, and includes a proposal of the last one', async () => {
    const runtime = manualRuntime(1, 52 * 400 * day - 1_000);
    const store = memoryStore({ runtime });
    const people = operator({ store, runtime, approvals: 2 });
    const { id, token } = await lapse(store, 'a');
    const proposed = await people.resolve(id, token, created, ann);
    if (proposed.outcome !== 'proposed') throw new Error('It was not proposed.');
    await runtime.advance(2_000);
    await people.approve(id, token, { proposal: proposed.proposal, ...ben });
    expect((await people.audit(id)).map(({ event }) => event)).toEqual(['proposed', 'decided', 'applied']);
  });

  it('is a log by day, in pages, from any time', async () => {
    const { runtime, store, people } = rig();
    const begin = runtime.clock.now();
    for (let index = 0; index < 40; index += 1) {
      const { id, token } = await lapse(store, `record-${index}`);
      await people.resolve(id, token, 'rerun', { who: `person ${index}`, why: 'by day' });
      await runtime.advance(day / 4);
    }
    const all = Array.from({ length: 80 }, (_, line) => `person ${Math.floor(line / 2)}`);
    const whos: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await people.log({ limit: 7, ...(cursor !== undefined && { cursor }) });
      whos.push(...page.entries.map(({ who }) => who));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(whos).toEqual(all);
    const since = await people.log({ limit: 100, sinceMs: begin + 3 * day + 1 });
    expect(since.entries.map(({ who }) => who)).toEqual(all.slice(26));
    for (const request of [{ limit: 0 }, { limit: 1, cursor: 'x' }, { limit: 1, cursor: '1.2.3' }])
      await expect(people.log(request)).rejects.toMatchObject({ code: 'option-invalid' });
  });

  it('is sealed by an encrypted store, the proposed answer too', async () => {
    const runtime = manualRuntime();
    const memory = memoryStore({ runtime });
    const store = encryptedStore(memory, { currentKey: '1', keys: { 1: new Uint8Array(32).fill(1) } });
    const { id, token } = await lapse(store, 'a');
    const people = operator({ store, runtime, approvals: 2 });
    const proposed = await people.resolve(id, token, { response: { body: 'card 4242' } }, ann);
    if (proposed.outcome !== 'proposed') throw new Error('It was not proposed.');
    expect(await dumpOf(memory)).not.toMatch(/4242|ann|provider/);
    await people.approve(id, token, { proposal: proposed.proposal, ...ben });
    expect((await people.audit(id)).map(({ who }) => who)).toEqual(['ann', 'ben', 'ben']);
    expect(Buffer.from((await store.read(id))?.result?.bytes ?? []).toString()).toContain('card 4242');
  });
});
