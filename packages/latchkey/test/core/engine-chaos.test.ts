/**
 * Workers, retries and a store that fails, loses replies, repeats and delays calls, from one seed. Checked: one live
 * execution, one answer, and at most one effect downstream. `CHAOS_SEED` replays one run.
 */

import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import type { RunResult } from '../../src/core/operation.ts';
import { sleep } from '../../src/core/runtime.ts';
import type { AfterFailure, Store } from '../../src/core/store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore, randomFaults } from '../../src/testing/faulty-store.ts';
import { manualRuntime, seededFraction } from '../../src/testing/manual-clock.ts';
import { operation, runResult, told } from './engine-rig.ts';

const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
const roundsPerKey = 8;
const leaseMs = 2_000;

/** The observations about one key. */
interface Witness {
  live: number;
  mostLive: number;
  executions: number;
  readonly downstream: Set<string>;
  readonly answers: Set<string>;
}

const newWitness = (): Witness => ({
  live: 0,
  mostLive: 0,
  executions: 0,
  downstream: new Set(),
  answers: new Set(),
});

type Break = (store: Store) => Store;

async function play(seed: number, afterFailure: AfterFailure, break_: Break = (store) => store) {
  const runtime = manualRuntime(seed);
  const chance = seededFraction(seed + 1);
  const { store, faults } = faultyStore(break_(memoryStore({ runtime })), runtime);
  const witnesses = new Map(keys.map((key) => [key, newWitness()]));
  const workers = [1, 2, 3].map(() => new Engine({ store, runtime }));
  const anyFault = randomFaults({ seed: seed + 2, probability: 0.25, maxDelayMs: 1_500 });
  // Heartbeats sometimes stall for longer than a lease, so that workers are taken over while they still run.
  const stalled = () => Math.floor(runtime.clock.monotonic() / (1.5 * leaseMs)) % 2 === seed % 2;
  faults.plan((method) => (method === 'renew' && stalled() ? { kind: 'fail' } : anyFault(method)));

  const handler = async (context: Context, witness: Witness): Promise<RunResult> => {
    let alive = true;
    const leave = () => {
      if (alive) witness.live -= 1;
      alive = false;
    };
    witness.executions += 1;
    witness.live += 1;
    witness.mostLive = Math.max(witness.mostLive, witness.live);
    context.signal.addEventListener('abort', leave);
    const name = `${context.operationId} ${context.attempt}`;
    try {
      await sleep(runtime.timers, chance() * 2 * leaseMs);
      await context.step('charge', ({ idempotencyKey }) => {
        if (!context.signal.aborted) witness.downstream.add(idempotencyKey);
      });
      await sleep(runtime.timers, chance() * 2 * leaseMs);
      return runResult(chance() < 0.5 ? 'failed' : 'done', name);
    } catch {
      return runResult('failed', `${name} threw`);
    } finally {
      leave();
    }
  };

  const request = async (key: string): Promise<void> => {
    const worker = workers[Math.floor(chance() * workers.length)];
    const witness = witnesses.get(key);
    if (worker === undefined || witness === undefined) throw new Error('no worker');
    let made = '';
    const settings = { afterFailure, leaseMs, maxAttempts: 1_000 };
    const outcome = await worker.run(operation(settings, key), async (context) => {
      const came = await handler(context, witness);
      made = new TextDecoder().decode(came.result.bytes);
      return came;
    });
    if (outcome.kind === 'replay') witness.answers.add(told(outcome).replace('replay value ', ''));
    if (outcome.kind === 'executed' && outcome.recorded === 'stored') witness.answers.add(made);
  };

  const pending: Promise<void>[] = [];
  for (const key of keys) {
    for (let round = 0; round < roundsPerKey; round += 1) {
      pending.push(request(key));
      await runtime.advance(chance() * leaseMs);
    }
  }
  faults.clear();
  await runtime.advance(600_000);
  await Promise.all(pending);
  for (const key of keys) pending.push(request(key));
  await runtime.advance(60_000);
  await Promise.all(pending);
  return witnesses;
}

function violations(witness: Witness, afterFailure: AfterFailure): string[] {
  const found = [];
  if (witness.mostLive > 1) found.push(`I1: ${witness.mostLive} live executions`);
  if (witness.answers.size > 1) found.push(`I2: ${witness.answers.size} answers`);
  if (witness.downstream.size > 1) found.push(`${witness.downstream.size} effects`);
  if (afterFailure === 'refuse' && witness.executions > 1) found.push(`I6: ${witness.executions} executions`);
  return found;
}

async function check(seed: number, afterFailure: AfterFailure, break_?: Break) {
  const found: string[] = [];
  let executions = 0;
  for (const [key, witness] of await play(seed, afterFailure, break_)) {
    executions += witness.executions;
    for (const violation of violations(witness, afterFailure)) {
      found.push(`CHAOS_SEED=${seed} ${afterFailure} ${key} ${violation}`);
    }
  }
  return { found, executions };
}

const chosen = process.env['CHAOS_SEED'];
const seeds = chosen === undefined ? Array.from({ length: 50 }, (_, index) => 1_000 + index) : [Number(chosen)];

/** A store that does not check ownership: every claim gets the existing token. */
const giveAway: Break = (store) => ({
  ...faultyStore(store).store,
  claim: async (request) => {
    const token = (await store.read(request.id))?.token ?? request.token;
    return store.claim({ ...request, token });
  },
});

/** A store that loses operation ids and saved steps. */
const forgetSteps: Break = (store) => ({
  ...faultyStore(store).store,
  claim: async (request) => {
    const outcome = await store.claim(request);
    return outcome.outcome === 'claimed' ? { ...outcome, operationId: request.operationId, steps: new Map() } : outcome;
  },
});

/** A store that accepts any completion. */
const skipTokenCheck: Break = (store) => ({
  ...faultyStore(store).store,
  complete: async (request) => {
    const token = (await store.read(request.id))?.token ?? request.token;
    return store.complete({ ...request, token });
  },
});

async function isCaught(break_: Break): Promise<boolean> {
  for (const seed of seeds) if ((await check(seed, 'rerun', break_)).found.length > 0) return true;
  return false;
}

describe.each(['refuse', 'rerun'] as const)('chaos under %s', (afterFailure) => {
  it('keeps the promises', async () => {
    let executions = 0;
    for (const seed of seeds) {
      const { found, executions: count } = await check(seed, afterFailure);
      expect(found).toEqual([]);
      executions += count;
    }
    const least = keys.length * seeds.length * (afterFailure === 'rerun' ? 1.3 : 0.9);
    expect(executions, 'the scenario is violent enough').toBeGreaterThan(least);
  });
});

describe('the checks can fail', () => {
  it.each([
    ['gives records away', giveAway],
    ['forgets steps', forgetSteps],
    ['skips the token check', skipTokenCheck],
  ])('a store that %s is caught', async (_, break_) => {
    expect(await isCaught(break_)).toBe(true);
  });
});
