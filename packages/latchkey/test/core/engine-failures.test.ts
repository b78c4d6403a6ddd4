import { describe, expect, it } from 'vitest';
import type { Recover } from '../../src/core/operation.ts';
import { done, engineRig, gate, operation, runResult, told } from './engine-rig.ts';

const rerun = { afterFailure: 'rerun' } as const;

/** A dead worker: its record lapses, and it writes nothing more. */
async function die(rig: ReturnType<typeof engineRig>, settings: Parameters<typeof operation>[0]): Promise<void> {
  const dying = operation({ leaseMs: 1_000, ...settings });
  rig.faults.next('renew', { kind: 'fail' }, 100);
  void rig.worker().run(dying, () => new Promise(() => {}));
  await rig.runtime.advance(1_000);
  rig.faults.clear();
}

describe('afterFailure', () => {
  it('R35: refuse keeps a failure and replays it', async () => {
    const { worker, counted, executions } = engineRig();
    await worker().run(
      operation(),
      counted(() => runResult('failed', 'oh')),
    );
    expect(
      told(
        await worker().run(
          operation(),
          counted(() => done('x')),
        ),
      ),
    ).toBe('replay value oh');
    expect(executions()).toBe(1);
  });

  it('R36: rerun releases a failure', async () => {
    const { worker, counted, executions } = engineRig();
    expect(
      told(
        await worker().run(
          operation(rerun),
          counted(() => runResult('failed', 'oh')),
        ),
      ),
    ).toBe('executed released');
    expect(
      told(
        await worker().run(
          operation(rerun),
          counted(() => done('ok')),
        ),
      ),
    ).toBe('executed stored');
    expect(executions()).toBe(2);
  });

  it('rerun keeps the failure of the last attempt', async () => {
    const { worker } = engineRig();
    const poison = operation({ ...rerun, maxAttempts: 3 });
    const fail = async () => runResult('failed', 'poison');
    const outcomes = [];
    for (let attempt = 0; attempt < 4; attempt += 1) outcomes.push(told(await worker().run(poison, fail)));
    expect(outcomes).toEqual(['executed released', 'executed released', 'executed stored', 'replay value poison']);
  });

  it('an explicit statement of the application releases the record under both policies', async () => {
    const { worker, counted, executions } = engineRig();
    await worker().run(
      operation(),
      counted(() => runResult('nothing-happened', '429')),
    );
    await worker().run(
      operation({}, 'k', 'another payload'),
      counted(() => done('ok')),
    );
    expect(executions()).toBe(2);
  });

  it.each([
    ['come-back', 'refuse', 'executed stored', 'replay value first'],
    ['come-back', 'rerun', 'executed released', 'executed stored'],
    ['not-final', 'refuse', 'executed lapsed', 'outcome-unknown'],
    ['not-final', 'rerun', 'executed released', 'executed stored'],
  ] as const)('R38 R81 R74 R89: %s under %s: %s, then %s', async (outcome, afterFailure, first, second) => {
    const { worker } = engineRig();
    const asked = operation({ afterFailure });
    expect(told(await worker().run(asked, async () => runResult(outcome, 'first')))).toBe(first);
    expect(told(await worker().run(asked, async () => done('second')))).toBe(second);
  });

  it('a release waits for a running handler under a renewed lease', async () => {
    const { worker, runtime, counted, executions } = engineRig();
    const asked = operation({ ...rerun, leaseMs: 3_000 });
    const rest = gate<void>();
    let isOver = false;
    const stillRunning = () => (isOver ? undefined : rest.opened);
    const early = counted(async () => ({ ...runResult('come-back', '408'), stillRunning }));
    expect(told(await worker().run(asked, early))).toBe('executed released');
    await runtime.advance(10_000);
    expect(told(await worker().run(asked, early))).toBe('in-progress');
    isOver = true;
    rest.open();
    await runtime.advance(1);
    expect(
      told(
        await worker().run(
          asked,
          counted(async () => done('second')),
        ),
      ),
    ).toBe('executed stored');
    expect(executions()).toBe(2);
  });

  it('the record of a handler that never ends lapses after maxRunMs', async () => {
    const { worker, runtime } = engineRig();
    const asked = operation({ leaseMs: 3_000, maxRunMs: 9_000 });
    const stillRunning = () => new Promise(() => undefined);
    await worker().run(asked, async () => ({ ...runResult('released', '408'), stillRunning }));
    await runtime.advance(20_000);
    expect(told(await worker().run(asked, async () => done('x')))).toBe('outcome-unknown');
  });

  it('a shutdown waits for a running handler', async () => {
    const { worker, runtime } = engineRig();
    const asked = operation(rerun);
    const rest = gate<void>();
    const engine = worker();
    await engine.run(asked, async () => ({ ...runResult('failed', '504'), stillRunning: () => rest.opened }));
    const ended = engine.shutdown(5_000);
    await runtime.advance(100);
    rest.open();
    await ended;
    expect(told(await worker().run(asked, async () => done('second')))).toBe('executed stored');
  });

  it('after a saved step "nothing was done" counts as a failure under refuse', async () => {
    const { worker } = engineRig();
    await worker().run(operation(), async (context) => {
      await context.step('a', () => 1);
      return runResult('nothing-happened', '429');
    });
    expect(told(await worker().run(operation(), async () => done('x')))).toBe('replay value 429');
  });

  it('R41, I6: a dead worker under refuse is outcome-unknown, never a second execution', async () => {
    const rig = engineRig();
    await die(rig, {});
    expect(told(await rig.worker().run(operation(), async () => done('x')))).toBe('outcome-unknown');
  });

  it('R41: a dead worker under rerun is taken over', async () => {
    const rig = engineRig();
    await die(rig, rerun);
    expect(told(await rig.worker().run(operation(rerun), async () => done('second')))).toBe('executed stored');
  });

  it('R73: a lapsed record is not taken over by another payload', async () => {
    const rig = engineRig();
    await die(rig, rerun);
    expect(told(await rig.worker().run(operation(rerun, 'k', 'other'), async () => done('x')))).toBe('mismatch');
    expect(told(await rig.worker().run(operation(rerun), async () => done('second')))).toBe('executed stored');
  });

  it('R79: a route changed to rerun does not rerun a record saved under refuse, nor vice versa', async () => {
    const rig = engineRig();
    await die(rig, {});
    expect(told(await rig.worker().run(operation(rerun), async () => done('x')))).toBe('outcome-unknown');
    const other = engineRig();
    await die(other, rerun);
    expect(told(await other.worker().run(operation(), async () => done('x')))).toBe('outcome-unknown');
  });

  it('a poison record is not taken over after maxAttempts', async () => {
    const rig = engineRig();
    await die(rig, { ...rerun, maxAttempts: 1 });
    expect(told(await rig.worker().run(operation({ ...rerun, maxAttempts: 1 }), async () => done('x')))).toBe(
      'outcome-unknown',
    );
  });

  it('a handler that throws leaves the record lapsed, and the caller gets the error', async () => {
    const { worker } = engineRig();
    const broken = worker().run(operation(), async () => Promise.reject(new Error('bug')));
    await expect(broken).rejects.toThrow('bug');
    expect(told(await worker().run(operation(), async () => done('x')))).toBe('outcome-unknown');
  });
});

describe('recover', () => {
  const recovered = { kind: 'value', bytes: new TextEncoder().encode('found') } as const;

  it("answers with the hook's response, calling it once for two retries", async () => {
    const rig = engineRig();
    await die(rig, {});
    let asked = 0;
    const recover = async () => {
      asked += 1;
      return { decision: 'respond', result: recovered } as const;
    };
    const retry = () => rig.worker().run({ ...operation(), recover }, async () => done('x'));
    const outcomes = (await Promise.all([retry(), retry()])).map(told).sort();
    expect(outcomes).toEqual(['in-progress', 'replay value found']);
    expect(told(await retry())).toBe('replay value found');
    expect(asked).toBe(1);
  });

  it('leaves the record for a person, also when the hook throws', async () => {
    const rig = engineRig();
    await die(rig, {});
    for (const recover of [() => ({ decision: 'leave' }) as const, () => Promise.reject(new Error('provider down'))]) {
      expect(told(await rig.worker().run({ ...operation(), recover }, async () => done('x')))).toBe('outcome-unknown');
    }
  });

  it("a takeover whose reply was lost leaves the record lapsed, so that nothing runs without the hook's decision", async () => {
    const rig = engineRig();
    await die(rig, {});
    const lost = { ...operation(), recover: () => ({ decision: 'leave' }) as const };
    const asks = () => rig.faults.calls.get('claim') ?? 0;
    const before = asks();
    rig.faults.plan((method) => (method === 'claim' && asks() > before + 1 ? { kind: 'lose-reply' } : undefined));
    const outcome = rig.worker().run(lost, async () => done('x'));
    await rig.runtime.advance(5_000);
    expect(told(await outcome)).toBe('unavailable store-unavailable');
    rig.faults.clear();
    await rig.runtime.advance(30_000);
    expect(told(await rig.worker().run(operation(), async () => done('twice')))).toBe('outcome-unknown');
  });

  it("reruns by the hook's decision, and provides the downstream keys", async () => {
    const rig = engineRig();
    const sent: string[] = [];
    rig.faults.next('renew', { kind: 'fail' }, 100);
    void rig.worker().run(operation({ leaseMs: 1_000, markStepStarts: true }), async (context) => {
      await context.step('reserve', () => ({ items: 2 }));
      await context.step('charge', ({ idempotencyKey }) => {
        sent.push(idempotencyKey);
        return new Promise(() => {});
      });
      return done('never');
    });
    await rig.runtime.advance(1_000);
    rig.faults.clear();
    const recover: Recover = (lapsed) => {
      expect(lapsed.idempotencyKey('charge')).toBe(sent[0]);
      expect([lapsed.attempt, lapsed.begun, [...lapsed.steps]]).toEqual([2, ['charge'], [['reserve', { items: 2 }]]]);
      return { decision: 'rerun' };
    };
    const rerunning = { ...operation(), recover };
    expect(told(await rig.worker().run(rerunning, async () => done('second')))).toBe('executed stored');
  });
});

describe('a claim whose reply was lost', () => {
  it('begins nothing under the id of an erased operation', async () => {
    const rig = engineRig();
    rig.faults.plan((method) => (method === 'claim' ? { kind: 'lose-reply' } : undefined));
    const outcome = rig.worker().run(operation({ claimTimeoutMs: 50 }), async () => done('x'));
    await rig.runtime.advance(60);
    expect(told(await outcome)).toBe('unavailable store-unavailable');
    const erased = (await rig.memory.read(operation().id))?.operationId;
    await rig.memory.erase('principal');
    rig.faults.clear();
    await rig.runtime.advance(60_000);
    const seen: string[] = [];
    await rig.worker().run(operation(), async ({ operationId }) => {
      seen.push(operationId);
      return done('x');
    });
    expect([typeof erased, seen.length, seen.includes(String(erased))]).toEqual(['string', 1, false]);
  });
});

describe('maxRerunAgeMs', () => {
  const young = { ...rerun, maxRerunAgeMs: 60_000 } as const;
  const retry = (rig: ReturnType<typeof engineRig>, extra: object = {}) =>
    rig.worker().run({ ...operation(young), ...extra }, async () => done('second'));

  it('reruns an operation that began a short time ago', async () => {
    const rig = engineRig();
    await die(rig, young);
    expect(told(await retry(rig))).toBe('executed stored');
  });

  it('leaves an older operation to a person or to the hook', async () => {
    const rig = engineRig();
    await die(rig, young);
    await rig.runtime.advance(60_000);
    expect(told(await retry(rig))).toBe('outcome-unknown');
    expect(told(await retry(rig))).toBe('outcome-unknown');
    expect(told(await retry(rig, { recover: () => ({ decision: 'rerun' }) }))).toBe('executed stored');
  });

  it('treats an operation id without a time as too old', async () => {
    const rig = engineRig();
    await die(rig, rerun);
    expect(told(await retry(rig))).toBe('outcome-unknown');
  });
});
