import { describe, expect, it } from 'vitest';
import { idempotent } from '../../src/function/idempotent.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import { type Decision, operator } from '../../src/operator/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { manualRuntime } from '../../src/testing/index.ts';
import { type Handler, layerRig } from '../http/layer-rig.ts';
import { ann, created, lapse, stored, takeOver } from './records.ts';

const hang: Handler = () => new Promise(() => {});

/** A guard whose worker died, and the operator of its store. */
async function lapsedOverHttp(handler = hang) {
  const rig = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 2_000 } });
  void rig.send({ key: 'k' }, handler);
  await rig.runtime.advance(10_000);
  const people = operator({ store: rig.memory, runtime: rig.runtime });
  const [record] = (await people.list({ state: 'lapsed', limit: 10 })).records;
  if (record === undefined) throw new Error('Nothing lapsed.');
  return { ...rig, people, ...record };
}

/** A function whose worker died at its first call. */
async function lapsedCall() {
  const runtime = manualRuntime();
  const store = memoryStore({ runtime });
  let calls = 0;
  const job = async () => {
    calls += 1;
    return calls === 1 ? new Promise<{ at: number }>(() => {}) : { at: calls };
  };
  const options = {
    store,
    runtime,
    name: 'job',
    key: (input: string) => input,
    timing: { leaseMs: 1_000, maxRunMs: 2_000 },
  };
  const call = idempotent(job, options);
  void call('k');
  await runtime.advance(10_000);
  const people = operator({ store, runtime });
  const [record] = (await people.list({ state: 'lapsed', limit: 10 })).records;
  if (record === undefined) throw new Error('Nothing lapsed.');
  return { call: () => call('k'), people, calls: () => calls, ...record };
}

const day = 86_400_000;
/** Creates guards on a store. */
type Guarding = (store: ReturnType<typeof memoryStore>, runtime: ReturnType<typeof manualRuntime>) => void;

describe('the retention of a resolved record', () => {
  const keptFor = async (functions: readonly number[], retentionMs?: number, guard: Guarding = () => {}) => {
    const runtime = manualRuntime();
    const store = memoryStore({ runtime });
    const people = operator({ store, runtime, ...(retentionMs !== undefined && { retentionMs }) });
    for (const own of functions)
      idempotent(async () => 1, { store, runtime, name: `job ${own}`, key: String, timing: { retentionMs: own } });
    guard(store, runtime);
    const { id, token } = await lapse(store, 'one');
    await people.resolve(id, token, created, ann);
    return (await stored(store, id)).expiresAtMs - runtime.clock.now();
  };

  it('is the longest of the guards and functions on the store', async () => {
    expect(await keptFor([2 * day, 3 * day, day])).toBe(3 * day);
  });

  it('is the longer one of a guard and its routes', async () => {
    for (const [ofGuard, ofRoute] of [
      [3 * day, 2 * day],
      [2 * day, 3 * day],
    ] as const)
      expect(
        await keptFor([], undefined, (store, runtime) => {
          const timing = { retentionMs: ofGuard };
          const layer = createHttpLayer({ store, runtime, principal: () => 'acct_1', timing });
          layer.with({ timing: { retentionMs: ofRoute } });
        }),
      ).toBe(3 * day);
  });

  it('is 24 hours without guards in the process, or the value that the operator sets', async () => {
    expect(await keptFor([])).toBe(day);
    expect(await keptFor([3 * day], 2 * day)).toBe(2 * day);
  });
});

describe('a decision on a record of the HTTP layer', () => {
  it('gives every retry the response that the operator found', async () => {
    const { people, id, token, send, runs } = await lapsedOverHttp();
    expect(await send({ key: 'k' })).toMatchObject({ code: 'outcome-unknown' });
    expect(await people.resolve(id, token, created, ann)).toMatchObject({ outcome: 'applied', audited: true });
    for (let retry = 0; retry < 2; retry += 1) {
      const answer = await send({ key: 'k' });
      expect([answer.status, answer.text, answer.header('content-type')]).toEqual([
        201,
        '{"id":"ch_1"}',
        'application/json',
      ]);
      expect(answer.header('idempotent-replayed')).toBe('true');
    }
    expect(runs()).toBe(1);
  });

  it('lets the retry run on rerun, after the saved steps', async () => {
    const charged: string[] = [];
    const handler: Handler = async (context, run) => {
      const charge = await context?.step('charge', ({ idempotencyKey }) => {
        charged.push(idempotencyKey);
        return 'ch_1';
      });
      if (run === 1) return new Promise(() => {});
      return { status: 200, headers: [], body: Buffer.from(String(charge)), state: 'whole', headSent: false };
    };
    const { people, id, token, send, steps } = await lapsedOverHttp(handler);
    expect(steps.map((step) => step.idempotencyKey)).toEqual(charged);
    await people.resolve(id, token, 'rerun', ann);
    expect((await send({ key: 'k' }, handler)).text).toBe('ch_1');
    expect(charged).toHaveLength(1);
  });

  it('makes the key a new operation on forget', async () => {
    const { people, id, token, operationId, send } = await lapsedOverHttp();
    await people.resolve(id, token, 'forget', ann);
    expect((await send({ key: 'k' })).text).toBe('run 2');
    expect((await people.show(id))?.operationId).not.toBe(operationId);
    expect((await people.audit(id)).map(({ event }) => event)).toEqual(['decided', 'applied']);
  });

  it('refuses values that the record or HTTP cannot hold, and changes nothing', async () => {
    const { people, id, token, send } = await lapsedOverHttp();
    const unfit: [Decision, string][] = [
      [{ value: 1 }, 'decision-unfit'],
      [{ failure: new Error('no') }, 'decision-unfit'],
      [{ bytes: new Uint8Array() }, 'decision-unfit'],
      [{ response: { status: 99 } }, 'value-invalid'],
      [{ response: { body: 'x'.repeat(1_048_577) } }, 'option-invalid'],
      [{ response: {}, value: 1 } as never, 'option-invalid'],
      ['forgive' as never, 'option-invalid'],
    ];
    for (const [decision, code] of unfit)
      await expect(people.resolve(id, token, decision, ann)).rejects.toMatchObject({ code });
    for (const by of [
      { who: ' ', why: 'x' },
      { who: 'ann', why: '' },
      { who: 'x'.repeat(201), why: 'x' },
      { who: 'a\nb', why: 'x' },
      undefined,
    ])
      await expect(people.resolve(id, token, 'rerun', by as never)).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(people.resolve(id, token, 'rerun', { who: 'ann', why: 'x'.repeat(2_001) })).rejects.toThrow(/why/);
    expect(await send({ key: 'k' })).toMatchObject({ code: 'outcome-unknown' });
    expect(await people.audit(id)).toEqual([]);
  });
});

describe('a decision on a record of idempotent()', () => {
  it('gives every call the value', async () => {
    const { people, id, token, kind, call, calls } = await lapsedCall();
    expect(kind).toBe('function');
    await expect(people.resolve(id, token, created, ann)).rejects.toMatchObject({ code: 'decision-unfit' });
    await people.resolve(id, token, { value: { at: 7 } }, ann);
    expect([await call(), await call(), calls()]).toEqual([{ at: 7 }, { at: 7 }, 1]);
  });

  it('encodes the value as the function does', async () => {
    const { people, id, token, call } = await lapsedCall();
    const codec = { encode: () => new TextEncoder().encode('j"by the codec"'), decode: () => undefined };
    await people.resolve(id, token, { value: 1, codec }, ann);
    expect(await call()).toBe('by the codec');
  });

  it('makes every call fail with the given failure', async () => {
    const { people, id, token, call } = await lapsedCall();
    await people.resolve(id, token, { failure: new RangeError('card declined') }, ann);
    await expect(call()).rejects.toMatchObject({
      code: 'operation-failed',
      cause: { name: 'RangeError', message: 'card declined' },
    });
  });
});

it('a record of another layer on the engine takes bytes', async () => {
  const store = memoryStore();
  const { id, token } = await lapse(store, 'a', { fingerprint: 'own', acceptable: ['own'] });
  const people = operator({ store });
  await expect(people.resolve(id, token, created, ann)).rejects.toMatchObject({ code: 'decision-unfit' });
  await people.resolve(id, token, { bytes: Uint8Array.of(1, 2) }, ann);
  expect([...((await stored(store, id)).result?.bytes ?? [])]).toEqual([1, 2]);
});

describe('a decision about an outdated record', () => {
  it('is refused once another claim has taken the record, and is in the audit', async () => {
    const store = memoryStore();
    const people = operator({ store });
    const { id, token } = await lapse(store, 'a');
    await takeOver(store, id, 'other');
    await expect(people.resolve(id, token, 'forget', ann)).rejects.toMatchObject({ code: 'resolution-stale' });
    expect(await stored(store, id)).toMatchObject({ state: 'lapsed', token: 'other' });
    expect(await people.audit(id)).toMatchObject([{ event: 'refused', reason: 'resolution-stale', who: 'ann' }]);
  });

  it('is refused for a record that is completed, open, or removed', async () => {
    const store = memoryStore();
    const people = operator({ store });
    for (const decision of [created, 'rerun', 'forget'] as const) {
      const { id, token } = await lapse(store, `after ${JSON.stringify(decision)}`);
      await people.resolve(id, token, decision, ann);
      await expect(people.resolve(id, token, 'forget', ann)).rejects.toMatchObject({ code: 'resolution-stale' });
    }
  });
});
