import { describe, expect, it } from 'vitest';
import { captured, gate, layerRig } from './layer-rig.ts';

const slow = () => {
  const { opened, open } = gate<void>();
  const handler = async () => {
    await opened;
    return captured(201, 'slow');
  };
  return { handler, open };
};

describe('while the first request runs', () => {
  it('R28, R29, R32: a duplicate gets Retry-After, and that is not kept', async () => {
    const { send, runs } = layerRig({ timing: { leaseMs: 30_000 } });
    const { handler, open } = slow();
    const first = send({ key: 'k' }, handler);
    const duplicate = await send({ key: 'k' });
    expect(duplicate).toMatchObject({ status: 409, code: 'in-progress' });
    expect(duplicate.header('retry-after')).toBe('1');
    expect(duplicate.header('idempotency-status')).toBe('in-progress;final=?0');
    open();
    expect((await first).text).toBe('slow');
    expect((await send({ key: 'k' })).text).toBe('slow');
    expect(runs()).toBe(1);
  });

  it('R27: another payload is a mismatch at once, even if duplicates wait', async () => {
    const { send } = layerRig({ whenRunning: { waitMs: 10_000 } });
    const { handler, open } = slow();
    const first = send({ key: 'k' }, handler);
    expect(await send({ key: 'k', body: '{}' })).toMatchObject({ status: 422, code: 'key-reused' });
    open();
    await first;
  });

  it('R30: a waiting duplicate gets the answer, or 409 at its time limit', async () => {
    const { send, runtime, runs } = layerRig({ whenRunning: { waitMs: 5_000 } });
    const { handler, open } = slow();
    const first = send({ key: 'k' }, handler);
    const late = send({ key: 'k' });
    await runtime.advance(5_001);
    expect(await late).toMatchObject({ status: 409, code: 'in-progress' });
    const waiting = send({ key: 'k' });
    await runtime.settle();
    open();
    await runtime.advance(1_000);
    expect(await waiting).toMatchObject({ status: 201, text: 'slow' });
    await first;
    expect(runs()).toBe(1);
  });

  it('R31: of 50 concurrent identical requests, one runs', async () => {
    const { send, runs } = layerRig();
    const { handler, open } = slow();
    const all = Array.from({ length: 50 }, () => send({ key: 'k' }, handler));
    open();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(49);
    expect(runs()).toBe(1);
  });
});

describe('a worker that died or hung', () => {
  const hang = () => new Promise<never>(() => {});

  it("R41, R73: leaves an unknown outcome under 'refuse', and a mismatch for another payload", async () => {
    const { send, runtime } = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 2_000 } });
    void send({ key: 'k' }, hang);
    await runtime.advance(1_500);
    expect(await send({ key: 'k' })).toMatchObject({ status: 409, code: 'in-progress' });
    await runtime.advance(5_000);
    const unknown = await send({ key: 'k' });
    expect(unknown).toMatchObject({ status: 409, code: 'outcome-unknown' });
    expect(unknown.header('retry-after')).toBeUndefined();
    expect(await send({ key: 'k', body: '{}' })).toMatchObject({ status: 422, code: 'key-reused' });
  });

  it("R77: is taken over under 'rerun', and its late answer is withheld", async () => {
    const { send, runtime } = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 2_000 }, afterFailure: 'rerun' });
    const { handler, open } = slow();
    const zombie = send({ key: 'k' }, handler);
    await runtime.advance(10_000);
    expect(await send({ key: 'k', body: '{}' })).toMatchObject({ code: 'key-reused' });
    expect((await send({ key: 'k' })).text).toBe('run 2');
    open();
    await runtime.advance(5_000);
    const late = await zombie;
    expect([late.status, late.code, late.header('retry-after')]).toEqual([409, 'in-progress', '1']);
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it('R43: a late answer whose head was sent is cut', async () => {
    const { send, runtime } = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 2_000 }, afterFailure: 'rerun' });
    const { opened, open } = gate<void>();
    const zombie = send({ key: 'k' }, async () => {
      await opened;
      return captured(200, 'zombie', { headSent: true });
    });
    await runtime.advance(10_000);
    await send({ key: 'k' });
    open();
    await runtime.advance(5_000);
    expect((await zombie).text).toBe('cut');
  });

  it('R79: saved under refuse stays unknown although the route now has rerun', async () => {
    const { send, runtime, memory } = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 2_000 } });
    void send({ key: 'k' }, hang);
    await runtime.advance(10_000);
    const redeployed = layerRig({ store: memory, runtime, afterFailure: 'rerun' });
    expect(await redeployed.send({ key: 'k' })).toMatchObject({ code: 'outcome-unknown' });
  });

  it('is resolved by recover, called once', async () => {
    const asked: unknown[] = [];
    const { send, runtime, runs } = layerRig({
      timing: { leaseMs: 1_000, maxRunMs: 2_000 },
      recover: (lapsed, request) => {
        asked.push([lapsed.operation, request.tenant]);
        return { decision: 'respond', response: { status: 201, body: { id: 'ch_1' } } };
      },
    });
    void send({ key: 'k' }, hang);
    await runtime.advance(10_000);
    for (let retry = 0; retry < 2; retry += 1) {
      const answer = await send({ key: 'k' });
      expect([answer.status, answer.text, answer.header('content-type')]).toEqual([
        201,
        '{"id":"ch_1"}',
        'application/json',
      ]);
    }
    expect(asked).toEqual([['POST /v1/charges', 'acct_1']]);
    expect(runs()).toBe(1);
  });

  it('runs again if recover decides so', async () => {
    const { send, runtime } = layerRig({
      timing: { leaseMs: 1_000, maxRunMs: 2_000 },
      recover: () => ({ decision: 'rerun' }),
    });
    void send({ key: 'k' }, hang);
    await runtime.advance(10_000);
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });
});
