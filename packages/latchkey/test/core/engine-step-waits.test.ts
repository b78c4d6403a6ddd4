/** Steps that wait for the end of a concurrent step, but not longer than the lease. */

import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import { engineRig, operation, runResult, told } from './engine-rig.ts';

const record = operation({ afterFailure: 'rerun', leaseMs: 2_000, maxRunMs: 5_000 });

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code') ?? error;
}

/** Runs the first attempt, which saves `names` while `beside` runs, and then fails. */
async function firstAttempt(rig: ReturnType<typeof engineRig>, before: string[], beside: string, names: string[]) {
  await rig.worker().run(record, async (context) => {
    for (const name of before) await context.step(name, () => 0);
    const end = Promise.withResolvers<void>();
    const failing = context.step(beside, async () => {
      await end.promise;
      throw new Error('no');
    });
    for (const name of names) await context.step(name, () => 0);
    end.resolve();
    await failing.catch(() => undefined);
    return runResult('failed', 'x');
  });
}

describe('a step that waits for another one', () => {
  it('ends when the other was not begun because the lease had ended', async () => {
    const rig = engineRig();
    await firstAttempt(rig, ['reserve'], 'charge', ['book']);
    const codes: unknown[] = [];
    const note = (error: unknown) => codes.push(codeOf(error));
    const { clock } = rig.runtime;
    let sleptMs = 0;
    const runtime = { ...rig.runtime, clock: { ...clock, monotonic: () => clock.monotonic() + sleptMs } };
    const again = new Engine({ store: rig.memory, runtime }).run(record, async (context: Context) => {
      const all = [
        context.step('charge', () => 0).catch(note),
        context.step('reserve', () => 0).then(() => context.step('book', () => 0).catch(note)),
        context.step('mail', () => 0).catch(note),
      ];
      sleptMs = 10_000;
      await Promise.all(all);
      return runResult('failed', 'x');
    });
    await rig.runtime.advance(20_000);
    expect(told(await again)).toMatch(/^executed/);
    expect(codes).toContain('lease-lost');
  });

  it('ends with the lease when both wait for each other', async () => {
    const rig = engineRig();
    await firstAttempt(rig, [], 'charge', ['old', 'book']);
    const codes: unknown[] = [];
    const again = rig.worker().run(record, async (context: Context) => {
      const end = Promise.withResolvers<void>();
      const charge = context.step('charge', () => end.promise).catch((error: unknown) => codes.push(codeOf(error)));
      await context.step('book', () => 0).catch((error: unknown) => codes.push(codeOf(error)));
      end.resolve();
      await charge;
      return runResult('failed', 'x');
    });
    await rig.runtime.advance(20_000);
    expect(told(await again)).toMatch(/^executed/);
    expect(codes).toContain('lease-lost');
  });
});
