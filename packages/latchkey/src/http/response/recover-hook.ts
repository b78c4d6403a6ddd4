/**
 * The `recover` hook of a route, with its answer as bytes.
 *
 * @module
 */

import type { Recover } from '../../core/operation.ts';
import type { Exchange } from '../exchange.ts';
import type { RouteOptions } from '../options.ts';
import { readAnswer } from './answer.ts';
import { encodeResponse, finalWrite } from './snapshot.ts';

/** Makes the hook of one request. */
export function recoverHook<Native>(
  { native, route }: Exchange<Native>,
  recover: NonNullable<RouteOptions<Native>['recover']>,
): Recover {
  return async (lapsed) => {
    const recovery = await recover(lapsed, native);
    if (recovery.decision !== 'respond') return recovery;
    const { response, ...decided } = recovery;
    const { result } = finalWrite(encodeResponse(await readAnswer(response)), route.maxResponseBytes);
    return { ...decided, result };
  };
}
