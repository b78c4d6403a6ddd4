import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

const pollMs = 20;
const patienceMs = 60_000;

/** Polls until `condition` holds. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('Timed out');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Like `expect.poll`, which is not available in concurrent tests. */
export async function expectSoon<T>(look: () => Promise<T>, expected: T): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let seen = await look();
  while (!isDeepStrictEqual(seen, expected) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    seen = await look();
  }
  expect(seen).toEqual(expected);
}
