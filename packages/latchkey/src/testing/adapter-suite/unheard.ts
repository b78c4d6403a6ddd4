/**
 * Answers whose client has disconnected.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { open } from './client.ts';
import type { SuiteReply } from './scenario.ts';
import { gate, pause, type Test, until } from './world.ts';

async function* twoPieces() {
  yield new TextEncoder().encode('one');
  await pause(20);
  yield new TextEncoder().encode('two');
}

const ways: Readonly<Record<string, () => SuiteReply>> = {
  'at once': () => ({ status: 201, body: 'done' }),
  'as a stream': () => ({ body: twoPieces() }),
  'by a throw': () => {
    throw new Error('boom');
  },
};

/** R85, R86. */
export function unheardTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  for (const [way, reply] of Object.entries(ways)) {
    test(`R86 an answer given ${way} after the client has disconnected holds the key for at most one lease`, async (world) => {
      const { passed, open: proceed } = gate();
      const app = await world.app({ timing: { leaseMs: 500 }, handler: () => passed.then(reply) });
      const request = open(app.origin, { key: 'leaves', body: '{"amount":2000}' }).on('error', () => undefined);
      request.end('{"amount":2000}');
      await until(() => world.executions === 1);
      request.destroy();
      await pause(50);
      proceed();
      await until(async () => (await app.send({ key: 'leaves' })).status !== 409);
      assert.equal(world.executions, 1);
    });
  }

  test("R85 an answer given before the guard is never taken for the handler's", async (world) => {
    const { passed, open: proceed } = gate();
    const timedOut = gate();
    const late = timedOut.passed.then(() => 503);
    let requests = 0;
    const app = await world.app({
      timing: { leaseMs: 500 },
      handler: () => passed.then(() => ({ status: 201, body: 'done' })),
      outer: () => {
        requests += 1;
        return requests === 1 ? { late } : {};
      },
    });
    const first = app.send();
    await until(() => world.executions === 1);
    timedOut.open();
    assert.equal((await first).status, 503);
    proceed();
    await until(async () => (await app.send()).status !== 409);
    const retry = await app.send();
    if (retry.status === 201) assert.equal(retry.body.toString(), 'done');
    else assert.deepEqual([retry.status, retry.header('idempotency-status')], [410, 'response-not-kept']);
    assert.equal(world.executions, 1);
  });
}
