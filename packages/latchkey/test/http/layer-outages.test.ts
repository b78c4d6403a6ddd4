import { describe, expect, it } from 'vitest';
import type { GuardOptions } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { captured, layerRig, type Native } from './layer-rig.ts';

/** A rig whose store never answers `method`. */
function failing(method: 'claim' | 'complete' | 'release', options: Partial<GuardOptions<Native>> = {}) {
  const rig = layerRig({ timing: { leaseMs: 2_000 }, ...options });
  rig.faults.plan((called) => (called === method || called === 'renew' ? { kind: 'fail' } : undefined));
  const sendLong = async (...args: Parameters<typeof rig.send>) => {
    const answer = rig.send(...args);
    await rig.runtime.advance(20_000);
    return answer;
  };
  return { ...rig, sendLong };
}

describe('with the store down', () => {
  it('R60: nothing runs, and the client gets Retry-After', async () => {
    const { sendLong, runs } = failing('claim');
    const refusal = await sendLong({ key: 'k' });
    expect(refusal).toMatchObject({ status: 503, code: 'store-unavailable' });
    expect(Number(refusal.header('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(runs()).toBe(0);
  });

  it('a third-party store with its own errors counts as unavailable', async () => {
    const down = Object.assign(memoryStore(), { claim: () => Promise.reject(new Error('ECONNREFUSED')) });
    const { send, runs, runtime } = layerRig({ store: down });
    const refusal = send({ key: 'k' });
    await runtime.advance(20_000);
    expect(await refusal).toMatchObject({ status: 503, code: 'store-unavailable' });
    expect(runs()).toBe(0);
  });

  it('runs unprotected if the route allows it', async () => {
    const { sendLong, events } = failing('claim', { whenStoreDown: 'run-unprotected' });
    expect(await sendLong({ key: 'k' })).toMatchObject({ status: 201, text: 'run 1' });
    expect(events).toContainEqual({ type: 'unprotected', operation: 'POST /v1/charges' });
  });

  it('R72: a claim whose reply was lost does not give an unknown outcome', async () => {
    const { send, faults, runtime } = layerRig();
    faults.next('claim', { kind: 'lose-reply' });
    const answer = send({ key: 'k' });
    await runtime.advance(1_000);
    expect((await answer).text).toBe('run 1');
    expect((await send({ key: 'k' })).text).toBe('run 1');
  });
});

describe('R61: with the store failing while the answer is saved', () => {
  it("'refuse' sends the true answer, marked, and never runs again", async () => {
    const { sendLong, send, faults, runs, events } = failing('complete');
    const first = await sendLong({ key: 'k' });
    expect([first.status, first.text, first.header('idempotency-stored')]).toEqual([201, 'run 1', 'false']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'executed', recorded: 'unstored' }));
    faults.clear();
    expect(await send({ key: 'k' })).toMatchObject({ status: 409, code: 'outcome-unknown' });
    expect(runs()).toBe(1);
  });

  it("'rerun' answers 503, and the retry runs", async () => {
    const { sendLong, send, faults } = failing('complete', { afterFailure: 'rerun' });
    expect(await sendLong({ key: 'k' })).toMatchObject({ status: 503, code: 'store-unavailable' });
    faults.clear();
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it('the route may choose the other way', async () => {
    expect((await failing('complete', { response: { whenUnstored: '503' } }).sendLong({ key: 'k' })).status).toBe(503);
    const sends = failing('complete', { afterFailure: 'rerun', response: { whenUnstored: 'send' } });
    expect((await sends.sendLong({ key: 'k' })).header('idempotency-stored')).toBe('false');
  });

  it('cuts the answer if 503 is due and its head was sent', async () => {
    const { sendLong } = failing('complete', { response: { whenUnstored: '503' } });
    expect((await sendLong({ key: 'k' }, () => captured(200, 'x', { headSent: true }))).text).toBe('cut');
  });

  it('a throw that could not be recorded is sent, marked', async () => {
    const { sendLong } = failing('complete');
    const answer = await sendLong({ key: 'k' }, () => {
      throw new Error('after the effect');
    });
    expect([answer.status, answer.code, answer.header('idempotency-stored')]).toEqual([
      500,
      'operation-failed',
      'false',
    ]);
  });

  it('a transient failure is not visible', async () => {
    const { send, faults, runtime, runs } = layerRig();
    faults.next('complete', { kind: 'lose-reply' });
    const first = send({ key: 'k' });
    await runtime.advance(5_000);
    expect((await first).header('idempotency-stored')).toBeUndefined();
    expect((await send({ key: 'k' })).text).toBe('run 1');
    expect(runs()).toBe(1);
  });
});

describe('shutdown', () => {
  it('refuses new operations and waits for running ones', async () => {
    const { layer, send, runs } = layerRig();
    const running = send({ key: 'k' }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return captured(201, 'done');
    });
    await new Promise((resolve) => setImmediate(resolve));
    const closed = layer.shutdown();
    expect(await send({ key: 'new' })).toMatchObject({ status: 503, code: 'shutting-down' });
    expect((await running).text).toBe('done');
    await closed;
    expect(runs()).toBe(1);
  });
});
