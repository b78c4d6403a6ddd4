import { describe, expect, it } from 'vitest';
import type { StoredRecord } from '../../src/core/store.ts';
import { type OperatorOptions, operator } from '../../src/operator/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore, manualRuntime } from '../../src/testing/index.ts';
import { ann, ben, created, lapse, stored, takeOver } from './records.ts';

async function rig(options: Partial<OperatorOptions> = {}) {
  const runtime = manualRuntime();
  const memory = memoryStore({ runtime });
  const { store, faults } = faultyStore(memory, runtime);
  const people = operator({ store, runtime, approvals: 2, ...options });
  const seen = await lapse(memory, 'a');
  const propose = async (decision = created, by = ann) => {
    const proposed = await people.resolve(seen.id, seen.token, decision, by);
    if (proposed.outcome !== 'proposed') throw new Error('It was not proposed.');
    return proposed;
  };
  const events = async () => (await people.audit(seen.id)).map(({ event, who }) => `${event} ${who}`);
  return { runtime, memory, faults, people, ...seen, propose, events };
}

describe('a decision that needs approval', () => {
  it('changes nothing until another person approves it', async () => {
    const { memory, people, id, token, propose, events } = await rig();
    const { proposal, decision, untilMs, atMs } = await propose();
    expect([decision.kind, decision.status, untilMs - atMs]).toEqual(['respond', 201, 86_400_000]);
    expect((await stored(memory, id)).state).toBe('lapsed');
    expect((await people.show(id))?.proposals).toEqual([{ proposal, decision, untilMs, atMs, ...ann }]);
    expect(await people.approve(id, token, { proposal, ...ben })).toEqual({
      outcome: 'applied',
      decisionId: proposal,
      audited: true,
    });
    expect(Buffer.from((await stored(memory, id)).result?.bytes ?? []).toString()).toContain('{"id":"ch_1"}');
    expect(await events()).toEqual(['proposed ann', 'decided ben', 'applied ben']);
    expect((await people.show(id))?.proposals).toEqual([]);
  });

  it("can't be approved by its proposer, however they write their name", async () => {
    const { memory, people, id, token, propose, events } = await rig();
    const { proposal } = await propose();
    for (const who of ['ann', ' Ann', 'ＡＮＮ', 'an\u200bn'])
      await expect(people.approve(id, token, { proposal, who, why: 'me' })).rejects.toMatchObject({
        code: 'approval-by-proposer',
      });
    expect((await stored(memory, id)).state).toBe('lapsed');
    expect(await events()).toEqual([
      'proposed ann',
      ...['ann', 'Ann', 'ＡＮＮ', 'an\u200bn'].map((who) => `refused ${who}`),
    ]);
    await people.approve(id, token, { proposal, ...ben });
  });

  it('lapses, and can be withdrawn by anybody', async () => {
    const { runtime, people, id, token, propose, events } = await rig();
    const missing = { code: 'proposal-missing' };
    const withdrawn = await propose();
    await people.withdraw(id, token, { proposal: withdrawn.proposal, ...ben });
    await expect(people.approve(id, token, { proposal: withdrawn.proposal, ...ben })).rejects.toMatchObject(missing);
    await expect(people.withdraw(id, token, { proposal: withdrawn.proposal, ...ben })).rejects.toMatchObject(missing);
    const late = await propose('rerun');
    await runtime.advance(86_400_000);
    await expect(people.approve(id, token, { proposal: late.proposal, ...ben })).rejects.toMatchObject(missing);
    await expect(people.approve(id, token, { proposal: 'none', ...ben })).rejects.toMatchObject(missing);
    const all = ['proposed ann', 'withdrawn ben', 'refused ben', 'refused ben', 'proposed ann', 'refused ben'];
    expect(await events()).toEqual([...all, 'refused ben']);
  });

  it('applies only to the claim that was seen: after a takeover it is refused', async () => {
    const { memory, people, id, token, propose, events } = await rig();
    const { proposal } = await propose();
    await takeOver(memory, id, 'other');
    const stale = { code: 'resolution-stale' };
    await expect(people.approve(id, token, { proposal, ...ben })).rejects.toMatchObject(stale);
    // With the new claim's token it is another proposal.
    const missing = { code: 'proposal-missing' };
    await expect(people.approve(id, 'other', { proposal, ...ben })).rejects.toMatchObject(missing);
    expect((await stored(memory, id)).state).toBe('lapsed');
    expect(await events()).toEqual(['proposed ann', 'refused ben', 'refused ben']);
  });

  it('contains the exact decision: each proposal is approved by its own id', async () => {
    const { memory, people, id, token, propose } = await rig();
    const first = await propose('forget');
    const second = await propose(created, { who: 'carl', why: 'No, it was charged.' });
    expect(first.proposal).not.toBe(second.proposal);
    await people.approve(id, token, { proposal: second.proposal, ...ben });
    expect((await stored(memory, id)).state).toBe('completed');
    const stale = { code: 'resolution-stale' };
    await expect(people.approve(id, token, { proposal: first.proposal, ...ben })).rejects.toMatchObject(stale);
  });

  it('is not carried out with other bytes than the proposed ones', async () => {
    const { memory, people, id, token, propose } = await rig();
    const { proposal } = await propose();
    const swap = async (record: StoredRecord | undefined) => {
      if (record?.operation !== 'latchkey:proposal') return record;
      return { ...record, result: { kind: 'value', bytes: new TextEncoder().encode('another answer') } as const };
    };
    const store = { ...faultyStore(memory).store, read: async (of: string) => swap(await memory.read(of)) };
    const others = operator({ store, approvals: 2, runtime: manualRuntime() });
    const missing = { code: 'proposal-missing' };
    await expect(others.approve(id, token, { proposal, ...ben })).rejects.toMatchObject(missing);
    await people.approve(id, token, { proposal, ...ben });
  });

  it('is the same proposal when the same person proposes it again', async () => {
    const { propose, events } = await rig();
    const first = await propose();
    expect(await propose()).toEqual(first);
    expect((await propose('rerun')).proposal).not.toBe(first.proposal);
    expect(await events()).toEqual(['proposed ann', 'proposed ann']);
  });

  it("can be approved again when the first approver's process died before it was carried out", async () => {
    const { memory, people, faults, runtime, id, token, propose, events } = await rig();
    const { proposal } = await propose();
    faults.next('resolve', { kind: 'hang' }, 1_000);
    const failed = people.approve(id, token, { proposal, ...ben }).catch((error: { code: string }) => error.code);
    await runtime.advance(60_000);
    expect(await failed).toBe('store-unavailable');
    faults.clear();
    expect((await people.show(id))?.unfinished).toMatchObject([{ event: 'decided', who: 'ben', decisionId: proposal }]);
    // A decision that is being carried out can't be withdrawn.
    const missing = { code: 'proposal-missing' };
    await expect(people.withdraw(id, token, { proposal, ...ann })).rejects.toMatchObject(missing);
    await people.approve(id, token, { proposal, who: 'carl', why: 'Ben has gone home.' });
    expect((await stored(memory, id)).state).toBe('completed');
    expect(await events()).toEqual(['proposed ann', 'decided ben', 'refused ann', 'decided carl', 'applied carl']);
    expect((await people.show(id))?.unfinished).toEqual([]);
  });

  it('is erased with its principal, and the audit stays', async () => {
    const { memory, people, id, token, propose, events } = await rig();
    const { proposal } = await propose();
    await memory.erase('principal');
    expect((await memory.list({ state: 'completed', limit: 100 })).records.map(({ operation }) => operation)).toEqual([
      'latchkey:audit',
      'latchkey:audit',
    ]);
    await expect(people.approve(id, token, { proposal, ...ben })).rejects.toMatchObject({ code: 'resolution-stale' });
    expect(await events()).toEqual(['proposed ann', 'refused ben']);
  });
});
