/**
 * Duplicates while the first still runs, leases, takeovers and clocks.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { systemRuntime } from '../../core/runtime.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { Received } from './client.ts';
import type { SuiteRequest } from './scenario.ts';
import {
  assertFresh,
  assertProblem,
  assertReplay,
  gate,
  numbered,
  pause,
  type Test,
  type TestApp,
  until,
  type World,
} from './world.ts';

/** Starts a request and resolves once its handler runs, with the answer still to come. */
async function startHeld<Kind extends TransactionKind>(world: World<Kind>, options: object = {}) {
  const { passed, open } = gate();
  const handler = async (_request: SuiteRequest<Kind>, execution: number) => {
    if (execution === 1) await passed;
    return numbered(execution);
  };
  const app = await world.app({ ...options, handler });
  const answer = app.send();
  // A test that fails before it awaits the answer must not fail twice.
  answer.catch(() => undefined);
  await until(() => world.executions === 1);
  return { app, open, answer };
}

/** Sends until an answer has another code than this one. */
async function firstAnswerOtherThan(app: TestApp, code: string): Promise<Received> {
  let answer = await app.send();
  await until(async () => {
    if ((answer.json() as { code?: unknown }).code !== code) return true;
    answer = await app.send();
    return false;
  });
  return answer;
}

const other = { body: '{"amount":1}' };

/** R27–R32. */
function duplicateTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R27 another payload is refused at once, while the first still runs', async (world) => {
    const { app, open, answer } = await startHeld(world, { whenRunning: { waitMs: 60_000 } });
    assertProblem(await app.send(other), 422, 'key-reused');
    open();
    assertFresh(await answer);
  });

  test('R28 R29 R32 R63 R88 a duplicate gets 409 with Retry-After, which is not kept', async (world) => {
    const { app, open, answer } = await startHeld(world);
    const refused = await app.send();
    assertProblem(refused, 409, 'in-progress');
    assert.equal(refused.header('retry-after'), '1');
    open();
    const first = await answer;
    assertReplay(await app.send(), first);
    assert.equal(world.executions, 1);
  });

  test('R30 a waiting duplicate gets the answer', async (world) => {
    const { app, open, answer } = await startHeld(world, { whenRunning: { waitMs: 20_000 } });
    const waiting = app.send();
    await pause(20);
    open();
    assertReplay(await waiting, await answer);
    assert.equal(world.executions, 1);
  });

  test('R30 a duplicate gets 409 after waitMs', async (world) => {
    const { app, open, answer } = await startHeld(world, { whenRunning: { waitMs: 40 } });
    assertProblem(await app.send(), 409, 'in-progress');
    open();
    assertFresh(await answer);
  });

  test('R31 of fifty concurrent requests exactly one runs', async (world) => {
    const app = await world.app({ handler: async (_request, n) => pause(10).then(() => numbered(n)) });
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.send()));
    const fresh = answers.filter(isFresh);
    assert.equal(world.executions, 1);
    assert.equal(fresh.length, 1);
    for (const { status } of answers) assert.ok(status === 201 || status === 409, String(status));
  });
}

const isFresh = ({ status, header }: Received) => status === 201 && header('idempotent-replayed') === undefined;

/** R41–R44, R48, R73, R77, R79. */
function leaseTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R42 a handler that runs longer than its lease keeps the record', async (world) => {
    const { app, open, answer } = await startHeld(world, { timing: { leaseMs: 2_000 } });
    await until(() => (world.faults.calls.get('renew') ?? 0) >= 4);
    assertProblem(await app.send(), 409, 'in-progress');
    open();
    assertFresh(await answer);
    assert.equal(world.executions, 1);
  });

  test('R41 R73 R79 after a worker died, the outcome is unknown under refuse', async (world) => {
    const leaseMs = 1_000;
    const before = performance.now();
    const { app, open, answer } = await startHeld(world, { timing: { leaseMs } });
    world.faults.plan((method) => (method === 'renew' ? { kind: 'hang' } : undefined));
    assertProblem(await firstAnswerOtherThan(app, 'in-progress'), 409, 'outcome-unknown');
    assert.ok(performance.now() - before >= leaseMs, 'the lease was over before its time');
    assertProblem(await app.send(other), 422, 'key-reused');
    const rerun = await world.app({ afterFailure: 'rerun' });
    assertProblem(await rerun.send(), 409, 'outcome-unknown');
    assert.equal(world.executions, 1);
    open();
    await answer;
  });

  test('R43 a late answer is kept if no worker took over', async (world) => {
    const { app, open, answer } = await startHeld(world, { timing: { leaseMs: 600 } });
    world.faults.plan((method) => (method === 'renew' ? { kind: 'hang' } : undefined));
    await until(() => world.count('lapsed').then((count) => count === 1));
    open();
    const late = await answer;
    assertReplay(await app.send(), late);
    assert.equal(world.executions, 1);
  });

  test('R41 R43 R44 R73 a stalled worker changes nothing after a takeover', async (world) => {
    const { passed, open } = gate();
    const zombie: unknown[] = [];
    const app = await world.app({
      timing: { leaseMs: 600 },
      afterFailure: 'rerun',
      handler: async ({ context }, execution) => {
        if (execution > 1) return numbered(execution);
        await passed;
        zombie.push(context?.signal.aborted);
        await context?.step('charge', () => zombie.push('ran')).catch((error: Error) => zombie.push(error.name));
        return numbered(execution);
      },
    });
    const late = app.send();
    await until(() => world.executions === 1);
    world.faults.plan((method) => (method === 'renew' ? { kind: 'hang' } : undefined));
    await until(() => world.count('lapsed').then((count) => count === 1));
    assertProblem(await app.send(other), 422, 'key-reused');
    const winner = await app.send();
    assertFresh(winner);
    open();
    assertProblem(await late, 409, 'in-progress');
    assertReplay(await app.send(), winner);
    assert.deepEqual(zombie, [true, 'LeaseLostError']);
  });

  test('R77 a handler that hangs past maxRunMs no longer holds the key', async (world) => {
    const { app, open, answer } = await startHeld(world, { timing: { leaseMs: 600, maxRunMs: 100 } });
    await until(() => world.count('lapsed').then((count) => count === 1));
    assertProblem(await app.send(), 409, 'outcome-unknown');
    open();
    await answer;
  });

  test('R48 workers agree although their clocks differ by minutes', async (world) => {
    const shifted = (shiftMs: number) => {
      const clock = { ...systemRuntime.clock, now: () => Date.now() + shiftMs };
      return { timing: { leaseMs: 5_000 }, runtime: { ...systemRuntime, clock } };
    };
    const { app, open, answer } = await startHeld(world, shifted(300_000));
    const behind = await world.app(shifted(-300_000));
    assertProblem(await behind.send(), 409, 'in-progress');
    open();
    const first = await answer;
    assertReplay(await behind.send(), first);
    assertReplay(await app.send(), first);
  });
}

/** R46, R47, R78. */
function retentionTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R46 R78 after retention a key is new, and so are its downstream keys', async (world) => {
    const keys: unknown[] = [];
    const handler = ({ context }: SuiteRequest<Kind>, execution: number) => {
      keys.push(context?.idempotencyKey('charge'));
      return numbered(execution);
    };
    const app = await world.app({ timing: { retentionMs: 60 }, handler });
    assertFresh(await app.send());
    await pause(120);
    assertFresh(await app.send(other));
    assert.equal(new Set(keys).size, 2);
  });

  test('R47 a sweep removes nothing before retention ends', async (world) => {
    const app = await world.app();
    const first = await app.send();
    await world.store.sweep(1_000);
    assertReplay(await app.send(), first);
  });
}

/** See the parts. */
export function concurrencyTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  duplicateTests(test);
  leaseTests(test);
  retentionTests(test);
}
