/**
 * Steps, transactions, `finish`, `keep` and `release`.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { RunFinish, RunTransaction } from '../../core/context.ts';
import { NothingHappenedError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { Answer } from '../../http/options.ts';
import type { TransactionProbe } from '../store-suite.ts';
import type { SuiteRequest } from './scenario.ts';
import { assertExecuted, assertFresh, assertReplay, numbered, type Test, type World } from './world.ts';

/** R68, R71, `keep` and `release`. */
export function stepTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R68 R71 a saved step does not run again, and derived keys stay the same', async (world) => {
    const charged: string[] = [];
    const mailed: string[] = [];
    const app = await world.app({
      afterFailure: 'rerun',
      handler: async ({ context }, execution) => {
        await context?.step('charge', ({ idempotencyKey }) => charged.push(idempotencyKey));
        await context?.step('mail', ({ idempotencyKey }) => {
          mailed.push(idempotencyKey);
          if (execution === 1) throw new Error('the mail server is down');
        });
        return numbered(execution);
      },
    });
    assert.equal((await app.send()).status, 500);
    assertFresh(await app.send());
    assert.equal(charged.length, 1);
    assert.equal(mailed.length, 2);
    assert.equal(mailed[0], mailed[1]);
    assert.notEqual(charged[0], mailed[0]);
  });

  test('R71 a released record keeps its steps', async (world) => {
    let effects = 0;
    const app = await world.app({
      handler: async ({ context }, execution) => {
        await context?.step('charge', () => {
          effects += 1;
        });
        if (execution === 1) context?.release();
        return numbered(execution);
      },
    });
    assertFresh(await app.send());
    assertFresh(await app.send());
    assert.equal(effects, 1);
    assert.equal(world.executions, 2);
  });

  test('a handler may keep a 429 or 503', async (world) => {
    const app = await world.app({
      handler: ({ context }) => {
        context?.keep();
        return { status: 429, body: 'no more' };
      },
    });
    const first = await app.send();
    assertReplay(await app.send(), first);
    assert.equal(world.executions, 1);
  });

  test('a handler can report that nothing happened', async (world) => {
    const app = await world.app({
      handler: (_request, execution) => {
        if (execution === 1) throw new NothingHappenedError('the terminal is offline', 7);
        return numbered(execution);
      },
    });
    const first = await app.send();
    assert.equal(first.status, 503);
    assert.equal(first.header('retry-after'), '7');
    assertFresh(await app.send());
  });
}

/** A context whose transactions can be called in either mode. */
interface Transacting<Kind extends TransactionKind> {
  readonly transaction: (name: string, fn: (handle: Kind['handle']) => unknown) => Promise<unknown>;
  readonly finish: (fn: (handle: Kind['handle']) => Answer | Promise<Answer>) => Promise<unknown>;
}

function transacting<Kind extends TransactionKind>({ context }: SuiteRequest<Kind>): Transacting<Kind> {
  assert.ok(context !== undefined);
  const { transaction, finish } = context as object as {
    transaction: RunTransaction<{ handle: Kind['handle']; mode: 'async' }>;
    finish: RunFinish<{ handle: Kind['handle']; mode: 'async' }, Answer, unknown>;
  };
  return { transaction: transaction.bind(context), finish: finish.bind(context) };
}

/** Stays synchronous after a synchronous write, as some stores' transactions require. */
function after<T>(written: void | Promise<void>, next: () => T): T | Promise<T> {
  return written instanceof Promise ? written.then(next) : next();
}

function probeOf<Kind extends TransactionKind>({ transactions }: World<Kind>): TransactionProbe<Kind> {
  assert.ok(transactions !== undefined);
  return transactions;
}

/** R39, R40, and `finish`. For stores with transactions. */
export function transactionTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R39 a transaction that did not commit leaves nothing, and runs again', async (world) => {
    const probe = probeOf(world);
    const app = await world.app({
      afterFailure: 'rerun',
      handler: async (request, execution) => {
        await transacting(request).transaction('charge', (handle) => {
          return after(probe.write(handle, `charge ${execution}`), () => {
            if (execution === 1) throw new Error('before commit');
          });
        });
        return numbered(execution);
      },
    });
    assert.equal((await app.send()).status, 500);
    assert.deepEqual(await probe.written(), []);
    assertFresh(await app.send());
    assert.deepEqual(await probe.written(), ['charge 2']);
  });

  test('R40 a committed transaction does not run again', async (world) => {
    const probe = probeOf(world);
    const app = await world.app({
      afterFailure: 'rerun',
      handler: async (request, execution) => {
        const charge = await transacting(request).transaction('charge', (handle) => {
          return after(probe.write(handle, `charge ${execution}`), () => ({ id: `ch_${execution}` }));
        });
        if (execution === 1) throw new Error('after commit');
        return { status: 201, body: JSON.stringify(charge) };
      },
    });
    assert.equal((await app.send()).status, 500);
    const second = await app.send();
    assertFresh(second);
    assert.deepEqual(second.json(), { id: 'ch_1' });
    assert.deepEqual(await probe.written(), ['charge 1']);
  });

  test('finish sends the answer, whatever the handler does after it', async (world) => {
    const probe = probeOf(world);
    const app = await world.app({
      handler: async (request) => {
        const finished = await transacting(request).finish((handle) => {
          const answer = { status: 201, headers: { Location: '/charges/1' }, body: { id: 'ch_1' } };
          return after(probe.write(handle, 'charge'), () => answer);
        });
        return { finished };
      },
    });
    const first = await app.send();
    assertExecuted(first);
    assert.deepEqual(first.json(), { id: 'ch_1' });
    assert.equal(first.header('location'), '/charges/1');
    const second = await app.send();
    assertReplay(second, first);
    assert.equal(second.header('location'), '/charges/1');
    assert.deepEqual(await probe.written(), ['charge']);
  });

  test('a throw after finish changes nothing', async (world) => {
    const probe = probeOf(world);
    const app = await world.app({
      handler: async (request) => {
        await transacting(request).finish((handle) => {
          return after(probe.write(handle, 'charge'), () => ({ status: 201, body: { id: 'ch_1' } }));
        });
        throw new Error('too late');
      },
    });
    const first = await app.send();
    assertFresh(first);
    assertReplay(await app.send(), first);
    assert.deepEqual(await probe.written(), ['charge']);
  });
}
