import { expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { testIn } from '../../src/testing/adapter-suite/test-in.ts';

/** Runs one test of the suite, and returns how often it began and whether it failed. */
async function outcomeOf(body: (tries: number) => void): Promise<readonly [tries: number, state: string]> {
  const started: Promise<void>[] = [];
  let tries = 0;
  const test = testIn({
    describe: (_name, define) => define(),
    it: (_name, run) => started.push(run()),
    start: () => Promise.reject(new Error('No application is started.')),
    createStore: () => ({ store: memoryStore() }),
  });
  test('a test', async () => {
    tries += 1;
    body(tries);
  });
  const [settled] = await Promise.allSettled(started);
  return [tries, settled?.status ?? 'missing'];
}

function standStill(): void {
  const until = performance.now() + 600;
  while (performance.now() < until);
}

const fail = () => {
  throw new Error('on command');
};

it('a test that failed after the process stood still runs again', async () => {
  const body = (tries: number) => {
    if (tries > 1) return;
    standStill();
    fail();
  };
  expect(await outcomeOf(body)).toEqual([2, 'fulfilled']);
});

it('a test that failed for another reason does not run again', async () => {
  expect(await outcomeOf(fail)).toEqual([1, 'rejected']);
});

it('a test that fails each time fails', async () => {
  const body = () => {
    standStill();
    fail();
  };
  expect(await outcomeOf(body)).toEqual([3, 'rejected']);
});
