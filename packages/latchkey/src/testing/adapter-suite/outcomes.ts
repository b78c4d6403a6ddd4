/**
 * Which answers are kept, which records are released, and failures of the store.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { EventListener } from '../../core/events.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import { open } from './client.ts';
import type { SuiteReply, SuiteRequest } from './scenario.ts';
import {
  type AppOptions,
  assertFresh,
  assertProblem,
  assertReplay,
  hurried,
  numbered,
  pause,
  type Test,
  until,
  type World,
} from './world.ts';

/** Answers with the given reply once, and normally after that. */
function once<Kind extends TransactionKind>(reply: SuiteReply | (() => never)) {
  return (_request: SuiteRequest<Kind>, execution: number): SuiteReply => {
    if (execution > 1) return numbered(execution);
    return typeof reply === 'function' ? reply() : reply;
  };
}

function boom(): never {
  throw new Error('boom');
}

async function runsAgain<Kind extends TransactionKind>(world: World<Kind>, reply: SuiteReply, options = {}) {
  const app = await world.app({ ...options, handler: once<Kind>(reply) });
  const first = await app.send();
  assert.equal(first.status, 'status' in reply ? reply.status : 200);
  assertFresh(await app.send());
  assert.equal(world.executions, 2);
}

async function isKept<Kind extends TransactionKind>(
  world: World<Kind>,
  reply: SuiteReply | (() => never),
  options: AppOptions<Kind> = {},
) {
  const app = await world.app({ ...options, handler: once<Kind>(reply) });
  const first = await app.send();
  assertReplay(await app.send(), first);
  assert.equal(world.executions, 1);
  return first;
}

/** R33–R37. */
function classificationTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R33 a 4xx is kept', async (world) => {
    const first = await isKept(world, { status: 402, body: 'card declined' });
    assert.equal(first.status, 402);
  });

  test('R34 a request refused before the guard leaves no record', async (world) => {
    let refusal = 401;
    const app = await world.app({ outer: () => (refusal === 0 ? {} : { refuse: refusal }) });
    assert.equal((await app.send()).status, 401);
    refusal = 429;
    assert.equal((await app.send()).status, 429);
    assert.equal(world.executions, 0);
    refusal = 0;
    assertFresh(await app.send());
  });

  test('R35 refuse keeps a 500', async (world) => {
    const first = await isKept(world, { status: 500, body: 'oh no' });
    assert.equal(first.status, 500);
    assert.equal(first.body.toString(), 'oh no');
  });

  test('R36 rerun runs again after a 500', (world) =>
    runsAgain(world, { status: 500, body: 'oh no' }, { afterFailure: 'rerun' }));

  test('R37 refuse keeps the 500 of a throw', async (world) => {
    const first = await isKept(world, boom);
    assert.equal(first.status, 500);
  });

  test('R36 rerun runs again after a throw', async (world) => {
    const app = await world.app({ afterFailure: 'rerun', handler: once<Kind>(boom) });
    assert.equal((await app.send()).status, 500);
    assertFresh(await app.send());
  });
}

/** Answers whose status suggests that nothing was done. */
const comeBack: readonly SuiteReply[] = [
  ...[401, 407, 408, 425, 429].map((status) => ({ status, body: 'come back' })),
  { status: 503, headers: [['Retry-After', '1']], body: 'later' },
];

const problemType: Header = ['Content-Type', 'application/problem+json'];

/** Answers of an idempotent service that a handler passes on, with its header, or without if a gateway removed it. */
const notFinal: readonly SuiteReply[] = [
  { status: 409, headers: [problemType], body: JSON.stringify({ code: 'in-progress' }) },
  { status: 409, headers: [['Idempotency-Status', 'outcome-unknown;final=?0']], body: 'ask the operator' },
  {
    status: 409,
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ error: { type: 'idempotency_error', code: 'idempotency_key_in_use' } }),
  },
];

/** R38, R74, R81, R89. */
function comeBackTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  for (const reply of comeBack) {
    const status = 'status' in reply ? reply.status : 200;
    test(`R38 rerun runs again after a handler's ${status}`, (world) =>
      runsAgain(world, reply, { afterFailure: 'rerun' }));

    test(`R81 refuse keeps a handler's ${status}, and warns`, async (world) => {
      const warnings: string[] = [];
      const onEvent: EventListener = (event) => void (event.type === 'warning' && warnings.push(event.code));
      await isKept(world, reply, { onEvent });
      assert.deepEqual(warnings, ['come-back-kept']);
    });
  }

  test('R81 under refuse, keep decides whether an answer is kept or released', async (world) => {
    await runsAgain(
      world,
      { status: 429, body: 'come back' },
      { response: { keep: (status: number) => status !== 429 } },
    );
  });

  test('R81 Retry-After is not replayed', async (world) => {
    const app = await world.app({ handler: () => ({ status: 503, headers: [['Retry-After', '7']], body: 'later' }) });
    assert.equal((await app.send()).header('retry-after'), '7');
    const retry = await app.send();
    assert.deepEqual([retry.status, retry.header('retry-after')], [503, undefined]);
    assert.equal(world.executions, 1);
  });

  for (const [index, reply] of notFinal.entries()) {
    test(`R74 rerun runs again after a downstream answer that is not final (${index + 1})`, (world) =>
      runsAgain(world, reply, { afterFailure: 'rerun' }));

    test(`R89 refuse sends a downstream answer that is not final, and the outcome is unknown (${index + 1})`, async (world) => {
      const warnings: string[] = [];
      const onEvent: EventListener = (event) => void (event.type === 'warning' && warnings.push(event.code));
      const app = await world.app({ onEvent, handler: once<Kind>(reply) });
      const first = await app.send();
      assert.deepEqual(
        [first.status, first.body.toString()],
        ['status' in reply && reply.status, 'body' in reply && reply.body],
      );
      assertProblem(await app.send(), 409, 'outcome-unknown');
      assert.equal(world.executions, 1);
      assert.deepEqual(warnings, ['not-final-answer']);
    });
  }
}

/** R45. */
function hangUpTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R45 the retry of a disconnected client gets its answer', async (world) => {
    const app = await world.app({ handler: (_request, n) => pause(60).then(() => numbered(n)) });
    const request = open(app.origin, { key: 'hangs-up', body: '{"amount":2000}' }).on('error', () => undefined);
    request.end('{"amount":2000}');
    await until(() => world.executions === 1);
    request.destroy();
    await until(() => world.count('completed').then((count) => count === 1));
    const retry = await app.send({ key: 'hangs-up' });
    assert.deepEqual(retry.json(), { execution: 1 });
    assert.equal(retry.header('idempotent-replayed'), 'true');
  });
}

/** R60, R61, R72. */
function outageTests<Kind extends TransactionKind>(test: Test<Kind>, streams: boolean): void {
  test('R60 with the store down nothing runs', async (world) => {
    world.faults.plan(() => ({ kind: 'fail' }));
    const app = await world.app({ timing: { claimTimeoutMs: 60 } });
    const refused = await app.send();
    assertProblem(refused, 503, 'store-unavailable');
    assert.match(refused.header('retry-after') ?? '', /^[1-9]\d*$/);
    assert.equal(world.executions, 0);
  });

  test('R60 a route may run without protection', async (world) => {
    world.faults.plan(() => ({ kind: 'fail' }));
    const app = await world.app({ timing: { claimTimeoutMs: 60 }, whenStoreDown: 'run-unprotected' });
    assertFresh(await app.send());
  });

  test('R61 an answer that could not be stored is marked, and nothing runs twice', async (world) => {
    world.faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const app = await world.app({ timing: { leaseMs: 2_000 }, runtime: hurried });
    const first = await app.send();
    assertFresh(first);
    assert.equal(first.header('idempotency-stored'), 'false');
    await until(async () => (await app.send()).status === 409);
    assert.equal(world.executions, 1);
  });

  // A whole answer that could not be stored is not cut: its head was not sent either.
  for (const afterFailure of streams ? (['refuse', 'rerun'] as const) : []) {
    test(`R61 ${afterFailure} cuts a stream that could not be stored`, async (world) => {
      world.faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
      async function* pieces() {
        yield new TextEncoder().encode('one');
        // An adapter may hold a stream that ends at once completely, including its head.
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield new TextEncoder().encode('two');
      }
      const app = await world.app({
        timing: { leaseMs: 2_000, claimTimeoutMs: 60_000 },
        runtime: hurried,
        afterFailure,
        handler: () => ({ body: pieces() }),
      });
      assert.equal((await app.send()).complete, false);
      assert.equal(world.executions, 1);
    });
  }

  test('R61 rerun answers 503 if the answer could not be stored', async (world) => {
    world.faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const app = await world.app({ timing: { leaseMs: 2_000 }, runtime: hurried, afterFailure: 'rerun' });
    assertProblem(await app.send(), 503, 'store-unavailable');
  });

  test('R72 a claim whose reply was lost does not hold the key', async (world) => {
    const app = await world.app({ timing: { claimTimeoutMs: 60, leaseMs: 60_000 } });
    world.faults.plan((method) => (method === 'claim' ? { kind: 'lose-reply' } : undefined));
    assertProblem(await app.send(), 503, 'store-unavailable');
    world.faults.clear();
    await until(async () => (await app.send()).status === 201);
    assert.equal(world.executions, 1);
  });
}

/** See the parts. */
export function outcomeTests<Kind extends TransactionKind>(test: Test<Kind>, streams: boolean): void {
  classificationTests(test);
  comeBackTests(test);
  hangUpTests(test);
  outageTests(test, streams);
}
