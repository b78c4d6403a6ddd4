/**
 * The headers that mark every answer of a guarded request.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { NothingHappenedError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import type { Dialect } from '../../http/problems/dialect.ts';
import { ietf } from '../../http/problems/ietf.ts';
import type { SuiteReply } from './scenario.ts';
import {
  assertExecuted,
  assertFresh,
  assertProblem,
  assertReplay,
  firstKey,
  hurried,
  pause,
  type Test,
} from './world.ts';

/** The marks of a downstream service. */
const upstream: readonly Header[] = [
  ['Idempotent-Replayed', 'true'],
  ['Idempotency-Status', 'replayed'],
  ['Idempotency-Stored', 'false'],
];

async function* slowly(...parts: string[]): AsyncIterable<Uint8Array> {
  for (const part of parts) {
    await pause(20);
    yield Buffer.from(part);
  }
}

const echoing: Dialect = { ...ietf, echoesKey: true };

/** R1, R3. */
export function markTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  for (const [how, body] of [
    ['whole', () => 'answer'],
    ['streamed', () => slowly('ans', 'wer')],
  ] as const) {
    test(`R1 R3 an answer is marked as executed, and its replay as replayed: ${how}`, async (world) => {
      const app = await world.app({ handler: () => ({ status: 201, body: body() }) });
      const first = await app.send();
      assertExecuted(first);
      assertReplay(await app.send(), first);
    });

    test(`R1 R3 the guard replaces a downstream service's marks: ${how}`, async (world) => {
      const app = await world.app({ handler: () => ({ status: 201, headers: upstream, body: body() }) });
      const first = await app.send();
      assertExecuted(first);
      assert.equal(first.header('idempotency-stored'), undefined);
      const second = await app.send();
      assertReplay(second, first);
      assert.deepEqual(second.all('idempotency-status'), ['replayed']);
      assert.equal(second.header('idempotency-stored'), undefined);
    });

    test(`R1 R3 a dialect may send the key back: ${how}`, async (world) => {
      const app = await world.app({ dialect: echoing, handler: () => ({ status: 201, body: body() }) });
      const answers = [await app.send(), await app.send(), await app.send({ body: '{"amount":1}' })];
      for (const answer of answers) assert.deepEqual(answer.all('idempotency-key'), [`"${firstKey}"`]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [201, 201, 422],
      );
    });

    test(`R74 R89 a downstream service's answer that is not final stays so: ${how}`, async (world) => {
      const headers: readonly Header[] = [['Idempotency-Status', 'in-progress;final=?0']];
      for (const afterFailure of ['refuse', 'rerun'] as const) {
        const app = await world.app({ afterFailure, handler: () => ({ status: 409, headers, body: body() }) });
        const answer = await app.send({ key: afterFailure });
        assert.equal(answer.header('idempotency-status'), 'in-progress;final=?0');
      }
    });
  }

  test('R1 an empty answer is marked too', async (world) => {
    const app = await world.app({ handler: () => ({ status: 204 }) });
    const first = await app.send();
    assertExecuted(first, 204);
    assertReplay(await app.send(), first);
  });

  test('R1 every answer of the operation is marked, kept, released or not stored', async (world) => {
    const answers: readonly [SuiteReply, object][] = [
      [{ status: 402, body: 'declined' }, {}],
      [{ status: 500, body: 'oh no' }, {}],
      [{ status: 429, body: 'slowly' }, { afterFailure: 'rerun' }],
      [{ status: 500, body: 'oh no' }, { afterFailure: 'rerun' }],
      [{ status: 200, body: 'x'.repeat(100) }, { response: { maxBytes: 10 } }],
    ];
    for (const [index, [reply, options]] of answers.entries()) {
      const app = await world.app({ ...options, handler: () => reply });
      assertExecuted(await app.send({ key: `marked-${index}` }), 'status' in reply ? reply.status : 200);
    }
    world.faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const unstored = await (await world.app({ timing: { leaseMs: 2_000 }, runtime: hurried })).send({
      key: 'unstored',
    });
    assertExecuted(unstored);
    assert.equal(unstored.header('idempotency-stored'), 'false');
  });

  test('R1 an unprotected answer is marked as executed too', async (world) => {
    world.faults.plan(() => ({ kind: 'fail' }));
    const app = await world.app({ timing: { claimTimeoutMs: 60 }, whenStoreDown: 'run-unprotected' });
    assertExecuted(await app.send());
  });

  test('R1 an answer of a handler that did nothing is marked so', async (world) => {
    const app = await world.app({
      handler: () => {
        throw new NothingHappenedError('the terminal is offline');
      },
    });
    assert.equal((await app.send()).header('idempotency-status'), 'nothing-happened;final=?0');
  });

  test('R50 the application’s refusal of a replay is not final', async (world) => {
    const app = await world.app({ response: { authorizeReplay: () => ({ status: 404, body: 'no such thing' }) } });
    assertExecuted(await app.send());
    const refused = await app.send();
    assert.equal(refused.body.toString(), 'no such thing');
    assert.equal(refused.header('idempotency-status'), 'replay-forbidden;final=?0');
  });

  test('R6 an unguarded answer has no mark', async (world) => {
    const app = await world.app();
    const answer = await app.send({ key: undefined });
    assertFresh(answer);
    assert.equal(answer.header('idempotency-status'), undefined);
    assertProblem(await (await world.app({ key: { required: true } })).send({ key: undefined }), 400, 'key-missing');
  });
}
