import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { idempotentFetch } from '../../src/client/index.ts';
import { retryAfterMs } from '../../src/client/retry-loop.ts';
import { delays, failure, hurried } from './client-kit.ts';
import { answer, deadUrl, misbehave, own } from './misbehaving-server.ts';

const done = own(200);
const post = { method: 'POST', operation: 'o' };

async function waitAfter(headers: Record<string, string>): Promise<number | undefined> {
  await using server = await misbehave(answer(503, headers), done);
  const { runtime, events, onEvent } = hurried();
  await idempotentFetch({ storage: 'memory', runtime, onEvent, baseDelayMs: 100 })(server.url, post);
  expect(server.seen[0]?.key).toBe(server.seen[1]?.key);
  return delays(events)[0];
}

describe('R67: Retry-After', () => {
  it('in seconds, plus at most one base delay of jitter', async () => {
    const waited = await waitAfter({ 'Retry-After': '3' });
    expect(waited).toBeGreaterThanOrEqual(3000);
    expect(waited).toBeLessThanOrEqual(3100);
  });

  it("as a date, against the server's own clock", async () => {
    const waited = await waitAfter({
      Date: 'Wed, 04 Mar 2037 08:00:00 GMT',
      'Retry-After': 'Wed, 04 Mar 2037 08:00:05 GMT',
    });
    expect(waited).toBeGreaterThanOrEqual(5000);
    expect(waited).toBeLessThanOrEqual(5100);
  });

  it('is never shortened', async () => {
    await using server = await misbehave(answer(503, { 'Retry-After': '2' }), done);
    const { runtime } = hurried();
    const told = Promise.withResolvers<void>();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent: () => told.resolve(), baseDelayMs: 0 });
    const answered = client(server.url, post);
    await told.promise;
    await runtime.advance(1999);
    expect(server.seen).toHaveLength(1);
    await runtime.advance(1);
    expect(await answered).toMatchObject({ attempts: 2 });
  });

  it('beyond the total time ends the call at once with retryAfterMs', async () => {
    await using server = await misbehave(answer(429, { 'Retry-After': '3600' }));
    const client = idempotentFetch({ storage: 'memory', totalTimeoutMs: 60_000 });
    const error = await failure(client(server.url, post));
    expect(error).toMatchObject({ code: 'retries-exhausted', attempts: 1, retryAfterMs: 3_600_000 });
    expect(await client.isPending('o')).toBe(true);
  });

  const nowMs = Date.UTC(2026, 0, 1);
  it.each([
    ['0', 0],
    [' 12 ', 12_000],
    ['Thu, 01 Jan 2026 00:00:09 GMT', 9_000],
    ['Thursday, 01-Jan-26 00:00:09 GMT', 9_000],
    ['Thu Jan  1 00:00:09 2026', 9_000],
    ['Thu, 01 Jan 2015 00:00:00 GMT', 0],
    ['1.5', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['2026-01-01', undefined],
    ['1, 2', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => {
    expect(retryAfterMs(new Headers({ 'retry-after': text }), nowMs)).toBe(expected);
  });

  it('reads a date without a zone as GMT in every time zone', () => {
    vi.stubEnv('TZ', 'America/New_York');
    const headers = new Headers({ 'retry-after': 'Thu Jan  1 00:00:09 2026' });
    expect(retryAfterMs(headers, nowMs)).toBe(9_000);
    vi.unstubAllEnvs();
  });

  it('absent', () => expect(retryAfterMs(new Headers(), nowMs)).toBeUndefined());
});

describe('back-off', () => {
  it('has full jitter: from 0 to min(cap, base · 2^n), and reaches both halves', async () => {
    const seed = Number(process.env['LATCHKEY_SEED'] ?? Date.now() % 2 ** 31);
    const url = await deadUrl();
    const shares: number[] = [];
    const limits = fc.record({
      baseDelayMs: fc.integer({ min: 1, max: 5000 }),
      maxDelayMs: fc.integer({ min: 1, max: 20_000 }),
    });
    const property = fc.asyncProperty(limits, fc.integer(), async (bounds, randomness) => {
      const { runtime, events, onEvent } = hurried(randomness);
      const client = idempotentFetch({ storage: 'memory', runtime, onEvent, totalTimeoutMs: 3_600_000, ...bounds });
      await failure(client(url, post));
      expect(delays(events)).toHaveLength(5);
      for (const [retry, delayMs] of delays(events).entries()) {
        const most = Math.min(bounds.maxDelayMs, bounds.baseDelayMs * 2 ** retry);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(most);
        shares.push(delayMs / most);
      }
    });
    await fc.assert(property, { seed, numRuns: 40 });
    expect(Math.min(...shares)).toBeLessThan(0.25);
    expect(Math.max(...shares)).toBeGreaterThan(0.75);
  });
});
