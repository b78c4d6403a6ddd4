/**
 * Steps the server's own clock while it runs, by a library that is loaded into it (`servers/stepped-clock.c`). Debian's
 * libfaketime works for PostgreSQL, but is not compatible with redis-server's allocator.
 */

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimRequest } from '../../../src/core/store.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type SteppedServer, startStepped, steppable } from './stepped-servers.ts';

const timeoutMs = 120_000;
const hour = 3_600_000;
const leaseMs = 60_000;

for (const name of steppable.filter(isSelected))
  describe(`a clock step of ${name}`, () => {
    let server: SteppedServer;
    let aheadMs = 0;
    const step = async (ms: number) => {
      aheadMs += ms;
      await server.step(ms);
    };
    const claim = (id: string, token: string, change: Partial<ClaimRequest> = {}) =>
      server.store.claim(claimOf(id, token, { leaseMs, unresolvedRetentionMs: 24 * hour, ...change }));
    const complete = (id: string, token: string) =>
      server.store.complete({ ...completionOf(id, token, token), retentionMs: 24 * hour });

    /** The answer to another request. */
    const answer = async (id: string) => {
      const outcome = await claim(id, randomUUID());
      return outcome.outcome === 'completed' ? Buffer.from(outcome.result.bytes).toString() : outcome.outcome;
    };

    beforeAll(async () => {
      server = await startStepped(name);
    }, timeoutMs);
    afterEach(() => step(-aheadMs));
    afterAll(() => server.stop());

    it('forward, past a lease, lets another worker take over early, and fences the first one', async () => {
      const id = randomUUID();
      await claim(id, 'first', { policy: 'rerun' });
      await step(2 * leaseMs);
      expect(await claim(id, 'second', { takeover: 'rerun' })).toMatchObject({ outcome: 'claimed', attempt: 2 });
      const first = { id, token: 'first' };
      expect(await server.store.renew({ ...first, leaseMs, unresolvedRetentionMs: hour })).toBe(false);
      expect(await server.store.saveStep({ ...first, name: 'charge', value: bytesOf('1') })).toBe(false);
      expect(await complete(id, 'first')).toBe('lost');
      expect(await complete(id, 'second')).toBe('completed');
      expect(await answer(id)).toBe('second');
    });

    it('forward, past a lease, runs nothing again under refuse, and keeps the late answer', async () => {
      const id = randomUUID();
      await claim(id, 'first');
      await step(2 * leaseMs);
      expect(await claim(id, 'second', { takeover: 'rerun' })).toMatchObject({ outcome: 'lapsed' });
      expect(await complete(id, 'first')).toBe('completed');
      expect(await answer(id)).toBe('first');
    });

    it('forward, by less than the rest of a lease, has no effect', async () => {
      const id = randomUUID();
      await claim(id, 'first', { leaseMs: hour });
      await step(hour / 2);
      expect(await claim(id, 'second', { takeover: 'any' })).toMatchObject({ outcome: 'running' });
      expect(await complete(id, 'first')).toBe('completed');
    });

    it('back, makes a lease longer for others, and runs nothing twice', async () => {
      const id = randomUUID();
      await claim(id, 'first', { policy: 'rerun' });
      await step(-hour);
      const second = await claim(id, 'second', { takeover: 'any' });
      expect(second).toMatchObject({ outcome: 'running' });
      expect(second.outcome === 'running' && second.leaseLeftMs).toBeGreaterThan(hour);
      expect(await complete(id, 'first')).toBe('completed');
      expect(await answer(id)).toBe('first');
    });

    it('back, has no effect on a renewed lease', async () => {
      const id = randomUUID();
      await claim(id, 'first', { policy: 'rerun' });
      await step(-hour);
      await server.store.renew({ id, token: 'first', leaseMs, unresolvedRetentionMs: hour });
      const second = await claim(id, 'second');
      expect(second.outcome === 'running' && second.leaseLeftMs).toBeLessThanOrEqual(leaseMs);
    });

    it('moves the end of retention: nothing is forgotten before it, or after a step back', async () => {
      const id = randomUUID();
      await claim(id, 'first');
      await complete(id, 'first');
      await step(23 * hour);
      expect(await answer(id)).toBe('first');
      await step(-47 * hour);
      expect(await answer(id)).toBe('first');
      await step(49 * hour);
      expect(await claim(id, 'second')).toMatchObject({ outcome: 'claimed', attempt: 1 });
    });

    it('forward, removes a lapsed record when the time for a decision has ended, and not before', async () => {
      const id = randomUUID();
      await claim(id, 'first');
      await step(23 * hour);
      expect(await claim(id, 'second')).toMatchObject({ outcome: 'lapsed' });
      await step(2 * hour);
      expect(await server.store.read(id)).toBeUndefined();
      expect(await complete(id, 'first')).toBe('lost');
    });
  });
