import { describe, expect, it } from 'vitest';
import { idempotentFetch } from '../../src/client/index.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { failure, mapStorage } from './client-kit.ts';
import { answer, hang, misbehave, own, stall } from './misbehaving-server.ts';

const post = { method: 'POST', operation: 'o' };
const done = own(200, {}, 'charged');

describe('time limits', () => {
  it.each([
    ['hangs', hang],
    ['stalls in its body', stall],
  ])('an attempt that %s is cut at attemptTimeoutMs and retried with the same key', async (_how, behaviour) => {
    await using server = await misbehave(behaviour, done);
    const runtime = manualRuntime();
    const client = idempotentFetch({ storage: 'memory', runtime, attemptTimeoutMs: 5_000, baseDelayMs: 0 });
    const call = client(server.url, post);
    await server.arrived(1);
    await runtime.advance(4_999);
    expect(server.seen).toHaveLength(1);
    await runtime.advance(1);
    expect(await (await call).response.text()).toBe('charged');
    expect(server.seen[1]?.key).toBe(server.seen[0]?.key);
  });

  it('a call ends at totalTimeoutMs, even within an attempt', async () => {
    await using server = await misbehave(hang);
    const runtime = manualRuntime();
    const limits = { attemptTimeoutMs: 5_000, totalTimeoutMs: 12_000, baseDelayMs: 0 };
    const client = idempotentFetch({ storage: 'memory', runtime, ...limits });
    const failed = failure(client(server.url, post));
    for (const [count, ms] of [
      [1, 5_000],
      [2, 5_000],
      [3, 2_000],
    ] as const) {
      await server.arrived(count);
      await runtime.advance(ms);
    }
    expect(await failed).toMatchObject({ code: 'retries-exhausted', attempts: 3, cause: { name: 'TimeoutError' } });
    expect(runtime.clock.monotonic()).toBe(12_000);
    expect(runtime.pendingTimers()).toBe(0);
    expect(await client.isPending('o')).toBe(true);
  });

  it('no timer is left after an answer', async () => {
    await using server = await misbehave(done);
    const runtime = manualRuntime();
    await idempotentFetch({ storage: mapStorage(), runtime })(server.url, post);
    expect(runtime.pendingTimers()).toBe(0);
  });
});

describe('the size limit of an answer', () => {
  it('returns an answer at the limit', async () => {
    await using server = await misbehave(answer(200, {}, 'x'.repeat(1000)));
    const { response } = await idempotentFetch({ storage: 'memory', maxResponseBytes: 1000 })(server.url, post);
    expect(await response.text()).toHaveLength(1000);
  });

  it('fails over the limit: the connection ends, nothing is retried, and the key is kept', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await misbehave((response, request) => {
      request.socket.once('close', closed.resolve);
      response.write('x'.repeat(1001));
    });
    const client = idempotentFetch({ storage: 'memory', maxResponseBytes: 1000 });
    expect(await failure(client(server.url, post))).toMatchObject({ code: 'response-too-large', attempts: 1 });
    await closed.promise;
    expect(server.seen).toHaveLength(1);
    expect(await client.isPending('o')).toBe(true);
  });
});
