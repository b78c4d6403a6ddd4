/**
 * Which step a step is asked for in. Names don't tell, and neither does time: a step that begins while another one runs
 * may be inside it or beside it.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';

interface Around {
  /** Tells runs apart: a step of one operation may run another operation. */
  readonly run: object;
  readonly step: string;
}

const around = new AsyncLocalStorage<Around>();

/** Calls the function of a step; whatever steps it asks for are inside that one. */
export function callInside<T>(run: object, step: string, fn: () => T): T {
  return around.run({ run, step }, fn);
}

/** The step of this run whose function is asking; undefined if none is. */
export function stepAround(run: object): string | undefined {
  const found = around.getStore();
  return found?.run === run ? found.step : undefined;
}
