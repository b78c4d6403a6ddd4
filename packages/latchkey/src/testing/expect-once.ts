/**
 * Tests that a route of an application has its effects once, however often its request is sent.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { readOptions } from '../core/options/read-options.ts';
import { callable, isObjectWith, must, type OptionTable, oneOf, required } from '../core/options/rules.ts';
import { type OnceApp, openApp } from './expect-once/app.ts';
import { crashPoints } from './expect-once/crash-points.ts';
import type { Effects } from './expect-once/effects.ts';
import type { OnceRequestOptions } from './expect-once/request.ts';
import { type OnceCheck, Trial } from './expect-once/trial.ts';
import { crashesOf, type TestCrashes } from './test-store.ts';

/** The options of {@link expectOnce}. */
export interface ExpectOnceOptions {
  /**
   * Returns all effects so far, as a number (rows, charges) or as a list. Items of a list are compared by value, so
   * leave out ids that each request creates.
   */
  readonly effects: () => Effects | Promise<Effects>;
  /** The {@link testStore} that the application's guard uses. Needed unless `crashes` is `'none'`. */
  readonly store?: TestCrashes;
  /**
   * Where the worker crashes: `'everywhere'` (default), at every store call; `'between-steps'`, never between the effect
   * of a step and its save; `'none'`, for an application that runs in another process.
   */
  readonly crashes?: 'everywhere' | 'between-steps' | 'none';
}

/** The option table. */
export const expectOnceTable = {
  effects: required(callable),
  store: must('the testStore(…) of the application', isObjectWith('crashAfter')),
  crashes: oneOf('everywhere', 'between-steps', 'none'),
} satisfies OptionTable<ExpectOnceOptions>;

/**
 * Sends a request to an application, sends it again, sends it twice at once, and sends it again after a crash of its
 * worker: before the handler runs, before and after each step and transaction is saved, and before and after the answer
 * is stored. After each crash the crashed worker is continued, as a frozen process would be. Each of these operations has
 * a new key. The effects of each must be those of the first request, and every retry must get the first answer.
 *
 * Under `afterFailure: 'refuse'` a retry after a crash is answered 409 `outcome-unknown`. Then the effects may also be
 * missing, since they must happen at most once.
 *
 * The application must run in this process with a `testStore`, so that crashes can be simulated. Nothing else may use
 * the store or cause effects meanwhile.
 *
 * @param app - the URL of a server, a `node:http` listener or server, an Express or Koa app, a Fastify or Nest instance,
 * or a `Request → Response` function. It need not listen, and it is not closed.
 * @param request - the request, or a function that returns the request of each operation.
 * @returns the checks that were made.
 * @throws AssertionError with a diff. LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const store = testStore()
 * const app = createApp({ store, provider })
 * await expectOnce(app, { path: '/charges', body: { amount: 2000 } }, { store, effects: () => provider.charges.size })
 * ```
 */
export async function expectOnce(
  app: OnceApp,
  request: OnceRequestOptions | (() => OnceRequestOptions),
  options: ExpectOnceOptions,
): Promise<readonly OnceCheck[]> {
  const { effects, store, crashes: where } = readOptions('expectOnce', expectOnceTable, options);
  if (where !== 'none' && store === undefined) throw storeMissing();
  const crashes = store && crashesOf('expectOnce', store);
  const opened = await openApp(app);
  try {
    const trial = new Trial({ app: opened, request, effects });
    const calls = await trial.sendTwice(crashes);
    await trial.sendAtOnce(crashes);
    if (where !== 'none' && crashes !== undefined) {
      if (calls.length === 0) throw storeUnused();
      for (const point of crashPoints(calls, where)) await trial.crash(point, crashes);
    }
    return trial.checks;
  } finally {
    await crashes?.wake();
    await opened.close();
  }
}

function storeMissing(): LatchkeyError {
  return new LatchkeyError(
    'option-invalid',
    "expectOnce: store must be set, so that crashes can be simulated: give the application's guard a testStore(…), and pass it here too. For an application in another process, set crashes: 'none'.",
  );
}

function storeUnused(): LatchkeyError {
  return new LatchkeyError(
    'option-invalid',
    'expectOnce: the request did not use the store. Give the same testStore(…) to the guard of the application.',
  );
}
