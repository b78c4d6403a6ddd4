/**
 * Clients that disconnect before their handler begins.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { open } from './client.ts';
import type { SuiteReply, SuiteRequest } from './scenario.ts';
import { assertFresh, firstKey, gate, pause, type Test, type TestApp, until, type World } from './world.ts';

const body = '{"amount":4200}';

/** Answers with the request's body. */
function echo<Kind extends TransactionKind>(request: SuiteRequest<Kind>): SuiteReply {
  return { status: 201, body: request.body };
}

/** Long enough for a server on the same machine to notice a disconnected client. */
const noticedMs = 100;

/** Sends a request with a slow claim, and disconnects meanwhile. */
async function hangUpDuringClaim<Kind extends TransactionKind>(world: World<Kind>, app: TestApp): Promise<void> {
  const claims = world.faults.calls.get('claim') ?? 0;
  world.faults.next('claim', { kind: 'delay', delayMs: noticedMs });
  await hangUp(app, () => world.faults.calls.get('claim') === claims + 1);
  await pause(noticedMs);
}

async function hangUp(app: TestApp, when: () => boolean): Promise<void> {
  const headers = [['Content-Length', String(body.length)]] as const;
  const request = open(app.origin, { key: firstKey, headers, body });
  request.on('error', () => undefined).end(body);
  await until(when);
  request.destroy();
}

/** Sends the request again until it is answered: at first the key may still be in use. */
async function retried(app: TestApp): Promise<string> {
  let answer = await app.send({ body });
  await until(async () => {
    if (answer.status !== 409) return true;
    answer = await app.send({ body });
    return false;
  });
  assert.equal(answer.status, 201, answer.body.toString());
  return answer.body.toString();
}

/** Makes a lapsed record whose worker never ends. */
async function lapse<Kind extends TransactionKind>(world: World<Kind>, afterFailure: 'refuse' | 'rerun') {
  const { passed, open: end } = gate();
  const handler = async (request: SuiteRequest<Kind>) => passed.then(() => echo(request));
  const app = await world.app({ afterFailure, timing: { leaseMs: 600 }, handler });
  world.faults.plan((method) => (method === 'renew' ? { kind: 'hang' } : undefined));
  const late = app.send({ body });
  // A test that fails before it awaits the answer must not fail twice.
  late.catch(() => undefined);
  await until(() => world.count('lapsed').then((count) => count === 1));
  return async () => {
    end();
    await late;
  };
}

/** R90. */
export function hangUpTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R90 a client that disconnects during the claim of a new key gets its own answer later', async (world) => {
    const app = await world.app({ handler: echo });
    await hangUpDuringClaim(world, app);
    assert.equal(await retried(app), body);
    assert.equal(world.executions, 1);
  });

  test('R90 a client that disconnects before its retry resumes leaves the steps unchanged', async (world) => {
    let steps = 0;
    const handler = async (request: SuiteRequest<Kind>, execution: number) => {
      await request.context?.step('charge', () => {
        steps += 1;
      });
      if (execution === 1) throw new Error('on command');
      return echo(request);
    };
    const app = await world.app({ afterFailure: 'rerun', handler });
    assertFresh(await app.send({ body }), 500);
    await hangUpDuringClaim(world, app);
    assert.equal(await retried(app), body);
    assert.deepEqual([world.executions, steps], [2, 1]);
  });

  test('R90 a client that disconnects while its duplicate waits does not run with an incomplete body', async (world) => {
    const { passed, open: fail } = gate();
    const handler = async (request: SuiteRequest<Kind>, execution: number) => {
      if (execution === 1) {
        await passed;
        throw new Error('on command');
      }
      return echo(request);
    };
    const app = await world.app({ afterFailure: 'rerun', whenRunning: { waitMs: 20_000 }, handler });
    const first = app.send({ body });
    await until(() => world.executions === 1);
    await hangUp(app, () => (world.faults.calls.get('claim') ?? 0) > 1);
    await pause(noticedMs);
    fail();
    assertFresh(await first, 500);
    assert.equal(await retried(app), body);
    assert.equal(world.executions, 2);
  });

  test('R90 a client that disconnects during a takeover leaves the record lapsed', async (world) => {
    const end = await lapse(world, 'rerun');
    const app = await world.app({ afterFailure: 'rerun', handler: echo });
    await hangUpDuringClaim(world, app);
    assert.equal(await retried(app), body);
    assert.equal(world.executions, 2);
    await end();
  });

  test('R90 a client that disconnects before recover decides leaves the outcome unknown', async (world) => {
    const end = await lapse(world, 'refuse');
    let asked = 0;
    const recover = () => {
      asked += 1;
      return { decision: 'rerun' } as const;
    };
    const app = await world.app({ recover, handler: echo });
    await hangUpDuringClaim(world, app);
    assert.equal(await retried(app), body);
    assert.deepEqual([world.executions, asked], [2, 1]);
    await end();
  });
}
