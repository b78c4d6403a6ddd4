import { describe, expect, it } from 'vitest';
import type { LapsedOperation, Recover, Recovery } from '../../src/core/operation.ts';
import { operator } from '../../src/operator/index.ts';
import { done, engineRig, operation, told } from '../core/engine-rig.ts';

const record = operation();
const answer: Recovery = {
  decision: 'respond',
  result: { kind: 'value', bytes: new TextEncoder().encode('found card 4242') },
  why: 'The provider has the charge.',
};

/** An operation whose worker died, and its operator. */
async function lapsedRig() {
  const rig = engineRig();
  await rig
    .worker()
    .run(record, () => Promise.reject(new Error('died')))
    .catch(() => undefined);
  const { runtime, memory } = rig;
  const people = operator({ store: memory, runtime });
  const asked: LapsedOperation[] = [];
  const retry = (recovery: Recovery | Error, run = rig.counted(() => done('second'))) => {
    const recover: Recover = (lapsed) => {
      asked.push(lapsed);
      if (recovery instanceof Error) throw recovery;
      return recovery;
    };
    return rig.worker().run({ ...record, recover }, run);
  };
  return { ...rig, people, asked, retry };
}

describe('the decision of a recover hook', () => {
  it('is in the audit, with why, and by a hook', async () => {
    const { people, retry, asked, runtime, events } = await lapsedRig();
    expect(told(await retry(answer))).toBe('replay value found card 4242');
    const audit = await people.audit(record.id);
    const [{ decisionId, token, decision } = { decisionId: '', token: '', decision: undefined }] = audit;
    const common = {
      ...{ atMs: runtime.clock.now(), decisionId, token, id: record.id },
      ...{ by: 'hook', who: 'recover hook', why: 'The provider has the charge.' },
      decision: { kind: 'respond', digest: decision?.digest },
      record: { operation: 'charge', operationId: asked[0]?.operationId, attempt: 2, policy: 'refuse' },
    };
    expect(audit).toEqual([
      { event: 'decided', ...common },
      { event: 'applied', ...common },
    ]);
    expect((await people.log({ limit: 10 })).entries).toEqual(audit);
    expect(JSON.stringify(audit)).not.toContain('4242');
    expect(events.flatMap((event) => (event.type === 'audited' ? [event.event] : []))).toEqual(['decided', 'applied']);
  });

  it('is recorded before the handler runs again', async () => {
    const { people, retry } = await lapsedRig();
    let before: readonly string[] = [];
    const outcome = retry({ decision: 'rerun' }, async () => {
      before = (await people.audit(record.id)).map(({ event, why }) => `${event}: ${why}`);
      return done('second');
    });
    expect(told(await outcome)).toBe('executed stored');
    expect(before).toContain('decided: The hook gave no reason.');
    expect((await people.audit(record.id)).map(({ event }) => event)).toEqual(['decided', 'applied']);
  });

  it('leaves no entry if it decides nothing', async () => {
    const { people, retry } = await lapsedRig();
    await retry({ decision: 'leave' });
    await retry(new Error('The provider is down.'));
    expect(await people.audit(record.id)).toEqual([]);
  });

  it('is refused if it is malformed: the record lapses again, and an event reports it', async () => {
    const { people, retry, events, memory, executions } = await lapsedRig();
    const shapeless: readonly unknown[] = [
      undefined,
      null,
      {},
      'rerun',
      { decision: 'retry' },
      { decision: 'respond' },
    ];
    for (const recovery of shapeless) {
      const kind = told(await retry(recovery as Recovery));
      expect(['outcome-unknown', 'unavailable store-unavailable']).toContain(kind);
      expect((await memory.read(record.id))?.state).toBe('lapsed');
    }
    expect(executions()).toBe(0);
    expect(await people.audit(record.id)).toEqual([]);
    expect(events.filter(({ type }) => type === 'handler-error').length).toBeGreaterThanOrEqual(5);
  });

  it('is not carried out when the audit can’t be written', async () => {
    const { people, retry, faults, runtime, executions, memory } = await lapsedRig();
    for (const recovery of [answer, { decision: 'rerun' } as const]) {
      faults.plan((method) => (method === 'read' ? { kind: 'fail' } : undefined));
      const outcome = retry(recovery);
      await runtime.advance(11_000);
      expect(told(await outcome)).toBe('unavailable store-unavailable');
      faults.clear();
    }
    expect([executions(), (await memory.read(record.id))?.state]).toEqual([0, 'lapsed']);
    expect(await people.audit(record.id)).toEqual([]);
    expect(told(await retry(answer))).toBe('replay value found card 4242');
  });

  it('runs nothing when the lease ended before it', async () => {
    const { people, worker, counted, executions, faults, runtime } = await lapsedRig();
    const decided = Promise.withResolvers<Recovery>();
    faults.next('renew', { kind: 'fail' }, 100);
    const outcome = worker().run(
      { ...record, recover: () => decided.promise },
      counted(() => done('x')),
    );
    await runtime.advance(40_000);
    decided.resolve({ decision: 'rerun' });
    expect(told(await outcome)).toBe('in-progress');
    expect(executions()).toBe(0);
    expect((await people.audit(record.id)).map(({ event }) => event)).toEqual(['decided', 'stale']);
  });

  it('that came too late is reported as stale', async () => {
    const { people, worker, memory } = await lapsedRig();
    const recover: Recover = async () => {
      await memory.erase(record.principal);
      return answer;
    };
    expect(told(await worker().run({ ...record, recover }, async () => done('x')))).toBe('in-progress');
    expect((await people.audit(record.id)).map(({ event }) => event)).toEqual(['decided', 'stale']);
  });
});
