import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type Decision, operator } from '../../src/operator/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { faultyStore, manualRuntime } from '../../src/testing/index.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { ann, ben, created, lapse, stored, takeOver, type WorkedStore } from './records.ts';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const memoryTwice = async (): Promise<readonly [WorkedStore, WorkedStore]> => {
  const store = memoryStore();
  return [store, store];
};

/** As in two processes: each with its own connection to one file. */
const sqliteTwice = async (): Promise<readonly [WorkedStore, WorkedStore]> => {
  const folder = await temporaryFolder();
  const open = () => sqliteStore({ database: folder.path('records.db') });
  const [first, second] = [open(), open()];
  ends.push(
    folder.remove,
    () => first.close(),
    () => second.close(),
  );
  return [first, second];
};

const fateOf = (call: Promise<{ readonly outcome: string }>) =>
  call.then(
    ({ outcome }) => outcome,
    (error: { code: string }) => error.code,
  );

for (const [name, open] of Object.entries({ memory: memoryTwice, sqlite: sqliteTwice }))
  describe(`concurrent operators, on ${name}`, () => {
    it('carries out one of many decisions, and the audit has all of them in one order', async () => {
      const [here, there] = await open();
      const { id, token } = await lapse(here, 'a');
      const decisions: readonly Decision[] = [created, 'rerun', 'forget', created, 'rerun', 'forget'];
      const fates = await Promise.all(
        decisions.map((decision, index) => {
          const people = operator({ store: index % 2 === 0 ? here : there });
          return fateOf(people.resolve(id, token, decision, { who: `person ${index}`, why: 'at once' }));
        }),
      );
      expect(fates.filter((fate) => fate === 'applied')).toHaveLength(1);
      // A decision equal to the one carried out may not be distinguishable from it.
      expect(fates.filter((fate) => /^resolution-(stale|unclear)$/.test(fate))).toHaveLength(5);
      const audit = await operator({ store: there }).audit(id);
      expect(audit.filter(({ event }) => event === 'applied').map(({ who }) => who)).toEqual([
        `person ${fates.indexOf('applied')}`,
      ]);
      expect(new Set(audit.map(({ who }) => who)).size).toBe(6);
      const log = await operator({ store: here }).log({ limit: 100 });
      expect(log.entries.map(lineOf).sort()).toEqual(audit.map(lineOf).sort());
    });

    it('lets a proposal be either approved or withdrawn', async () => {
      const [here, there] = await open();
      const [people, others] = [here, there].map((store) => operator({ store, approvals: 2 })) as [Operator, Operator];
      for (let round = 0; round < 10; round += 1) {
        const { id, token } = await lapse(here, `record-${round}`);
        const proposed = await people.resolve(id, token, created, ann);
        if (proposed.outcome !== 'proposed') throw new Error('It was not proposed.');
        const { proposal } = proposed;
        const [approved, withdrawn] = await Promise.all([
          fateOf(others.approve(id, token, { proposal, ...ben })),
          fateOf(people.withdraw(id, token, { proposal, ...ann }).then(() => ({ outcome: 'withdrawn' }))),
        ]);
        const isApproved = approved === 'applied';
        expect([approved, withdrawn]).toEqual(
          isApproved ? ['applied', 'proposal-missing'] : ['proposal-missing', 'withdrawn'],
        );
        expect((await stored(there, id)).state).toBe(isApproved ? 'completed' : 'lapsed');
      }
    });
  });

type Operator = ReturnType<typeof operator>;

const lineOf = ({ event, who, decisionId }: { event: string; who: string; decisionId: string }) =>
  `${event} ${who} ${decisionId}`;

/** A store with faults, its clock and an operator. */
function faultyRig() {
  const runtime = manualRuntime();
  const memory = memoryStore({ runtime });
  const { store, faults } = faultyStore(memory, runtime);
  return { runtime, memory, faults, people: operator({ store, runtime }) };
}

describe('a store that fails', () => {
  it.each(['claim', 'complete', 'read', 'resolve'] as const)(
    'loses the reply to %s, and each decision is carried out once',
    async (method) => {
      const { runtime, memory, faults, people } = faultyRig();
      for (const decision of [created, 'rerun', 'forget'] as const) {
        const { id, token } = await lapse(memory, `${method} ${JSON.stringify(decision)}`);
        faults.next(method, { kind: 'lose-reply' });
        const resolving = fateOf(people.resolve(id, token, decision, ann));
        await runtime.advance(5_000);
        expect(await resolving).toBe('applied');
        expect((await people.audit(id)).map(({ event }) => event)).toEqual(['decided', 'applied']);
      }
    },
  );

  it('recognizes its own decision that the database’s client repeated', async () => {
    const { memory, faults, people } = faultyRig();
    for (const decision of [created, 'rerun', 'forget'] as const) {
      const { id, token } = await lapse(memory, JSON.stringify(decision));
      faults.next('resolve', { kind: 'repeat' });
      expect(await fateOf(people.resolve(id, token, decision, ann))).toBe('applied');
    }
  });

  it('throws resolution-unclear when the reply was lost and the record has changed', async () => {
    const { runtime, memory, faults, people } = faultyRig();
    const { id, token } = await lapse(memory, 'a');
    faults.next('resolve', { kind: 'lose-reply' });
    faults.next('resolve', { kind: 'delay', delayMs: 5_000 });
    const resolving = fateOf(people.resolve(id, token, 'rerun', ann));
    await runtime.advance(2_000);
    await takeOver(memory, id, 'other');
    await runtime.advance(5_000);
    expect(await resolving).toBe('resolution-unclear');
    expect((await people.audit(id)).map(({ event }) => event)).toEqual(['decided', 'unclear']);
  });

  it('writes an entry again whose position another operator took because the first was too slow', async () => {
    const { runtime, memory, faults, people } = faultyRig();
    const { id, token } = await lapse(memory, 'a');
    faults.next('complete', { kind: 'delay', delayMs: 8_000 });
    const slow = fateOf(people.resolve(id, token, 'rerun', ann));
    await runtime.advance(1_000);
    const quick = fateOf(people.resolve(id, token, created, ben));
    await runtime.advance(20_000);
    expect([await slow, await quick]).toEqual(['resolution-stale', 'applied']);
    const lines = (await people.audit(id)).map(({ event, who }) => `${event} ${who}`);
    expect(lines).toEqual(['decided ben', 'applied ben', 'decided ann', 'stale ann']);
  });

  it('does not take another decision for its own', async () => {
    const { runtime, memory, faults, people } = faultyRig();
    const { id, token } = await lapse(memory, 'a');
    faults.next('resolve', { kind: 'delay', delayMs: 2_000 });
    const slow = fateOf(people.resolve(id, token, created, ann));
    await runtime.advance(1_000);
    expect(await fateOf(people.resolve(id, token, created, ben))).toBe('applied');
    await runtime.advance(2_000);
    expect(await slow).toBe('resolution-stale');
  });

  it('decides nothing without an entry in the audit', async () => {
    const { runtime, memory, faults, people } = faultyRig();
    const { id, token } = await lapse(memory, 'a');
    faults.next('complete', { kind: 'hang' }, 1_000);
    const resolving = fateOf(people.resolve(id, token, created, ann));
    await runtime.advance(60_000);
    expect(await resolving).toBe('store-unavailable');
    expect(faults.calls.get('resolve')).toBeUndefined();
    faults.clear();
    const again = fateOf(people.resolve(id, token, created, ann));
    await runtime.advance(60_000);
    expect(await again).toBe('applied');
  });

  it('shows a decision whose process died before the outcome was known', async () => {
    const { runtime, memory, faults, people } = faultyRig();
    const { id, token } = await lapse(memory, 'a');
    faults.next('resolve', { kind: 'hang' }, 1_000);
    const resolving = fateOf(people.resolve(id, token, created, ann));
    await runtime.advance(60_000);
    expect(await resolving).toBe('store-unavailable');
    faults.clear();
    expect((await people.show(id))?.unfinished).toMatchObject([
      { event: 'decided', who: 'ann', decision: { status: 201 } },
    ]);
    await people.resolve(id, token, created, ben);
    expect((await people.show(id))?.unfinished).toHaveLength(1);
  });

  it('reports that a decision was carried out although its outcome could not be recorded', async () => {
    const { runtime, memory, faults, people } = faultyRig();
    const { id, token } = await lapse(memory, 'a');
    let resolved = false;
    faults.plan((method) => {
      resolved ||= method === 'resolve';
      return resolved && method === 'claim' ? { kind: 'fail' } : undefined;
    });
    const resolving = people.resolve(id, token, created, ann);
    await runtime.advance(60_000);
    expect(await resolving).toMatchObject({ outcome: 'applied', audited: false });
    faults.clear();
    expect((await people.show(id))?.unfinished).toMatchObject([{ event: 'decided', who: 'ann' }]);
  });

  it('keeps the process alive until the act has ended', async () => {
    const child = fileURLToPath(new URL('children/act-once.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--experimental-strip-types',
      '--no-warnings',
      child,
    ]);
    expect(stdout).toBe('applied');
  });
});
