/**
 * Change notifications. They may be lost, so the suite only tests those within one process.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { recordName, type Test } from './fixture.ts';

const patienceMs = 10_000;

/** Tests of `watch`. */
export function watchTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  for (const change of ['complete', 'release', 'abandon'] as const) {
    test(`a watcher is notified of ${change}`, async (bench) => {
      await bench.take('a');
      let stop = () => {};
      const told = new Promise<void>((resolve) => {
        stop = bench.store.watch?.(recordName, resolve) ?? stop;
      });
      await bench[change]('a');
      await within(patienceMs, told);
      stop();
    });
  }

  test('a watcher is not notified of other records, nor after it stopped', async (bench) => {
    let notices = 0;
    const stop = bench.store.watch?.(recordName, () => {
      notices += 1;
    });
    await bench.take('a', { id: 'other' });
    await bench.complete('a', 'result', 'other');
    assert.equal(notices, 0);
    stop?.();
    stop?.();
    await bench.take('a');
    await bench.complete('a');
    assert.equal(notices, 0);
  });

  test('a watcher that throws affects no other', async (bench) => {
    await bench.take('a');
    const stop = bench.store.watch?.(recordName, () => {
      throw new RangeError('the watcher’s own fault');
    });
    assert.equal(await bench.complete('a'), 'completed');
    stop?.();
  });
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: 'no notice came' })), ms);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
