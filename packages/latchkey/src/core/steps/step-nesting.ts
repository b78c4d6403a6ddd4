/**
 * Determines the step in which a step is asked for. Neither names nor time can show this: a step that begins while
 * another one runs may be inside it or concurrent with it.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';

interface Around {
  /** Identifies the run: a step of one operation may run another operation. */
  readonly run: object;
  readonly step: string;
}

const around = new AsyncLocalStorage<Around>();

/** Calls the function of a step; the steps that it asks for are inside that step. */
export function callInside<T>(run: object, step: string, fn: () => T): T {
  return around.run({ run, step }, fn);
}

/** Returns the step of this run whose function is asking, or undefined. */
export function stepAround(run: object): string | undefined {
  const found = around.getStore();
  return found?.run === run ? found.step : undefined;
}
