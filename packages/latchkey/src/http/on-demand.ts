/**
 * The parts of the guard that few applications use, loaded on first use. They are one module, since bundlers cut the
 * code that several such modules share into many small files.
 *
 * @module
 */

import type { Operation, Recover } from '../core/operation.ts';
import type { TransactionKind } from '../core/store.ts';
import type { Exchange, RequestBody } from './exchange.ts';
import type { RouteOptions } from './options.ts';
import type { Problem } from './problems/problems.ts';
import { quarantineProblem } from './request/quarantine.ts';
import { type RequestSaver, requestSaver } from './request/request-saver.ts';
import type { Guard, Route } from './request/route.ts';
import { readAnswer } from './response/answer.ts';
import { encoderByReference } from './response/references.ts';

export { contractOf } from './contract/contract.ts';
export { healthOf } from './health.ts';
export { peekRequest } from './peek.ts';
export { answerRareReplay } from './response/rare-replays.ts';
export { encoderByReference } from './response/references.ts';

/**
 * Prepares a request for its claim on a route with `recover`, `restored`, `request.save` or `response.reference`. Returns
 * the operation with its hook and its saved request, or the problem for a key that may belong to a lost record.
 */
export async function prepareClaim<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  operation: Operation,
  received: RequestBody,
  guard: Guard<Native, Kind>,
): Promise<{ readonly operation: Operation } | { readonly problem: Problem }> {
  const { route } = exchange;
  const { recover, restored, response } = route.options;
  if (restored) {
    const problem = await quarantineProblem(restored, exchange, operation, guard);
    if (problem !== undefined) return { problem };
  }
  if (response.reference !== undefined) exchange.encode = encoderByReference(exchange);
  const request = saverOf(route)?.(exchange, received);
  return { operation: { ...operation, request, recover: recover && recoverHook(exchange, recover) } };
}

/** Returns the route's hook for one request, with its answer as bytes. */
function recoverHook<Native>(
  { encode, native, route }: Exchange<Native>,
  recover: NonNullable<RouteOptions<Native>['recover']>,
): Recover {
  return async (lapsed) => {
    const recovery = await recover(lapsed, native);
    if (recovery.decision !== 'respond') return recovery;
    const { response, ...decided } = recovery;
    const { result } = await encode(await readAnswer(response), route.maxResponseBytes);
    return { ...decided, result };
  };
}

const savers = new WeakMap<object, RequestSaver>();

/** Undefined if the route saves no requests. */
function saverOf<Native>(route: Route<Native>): RequestSaver | undefined {
  const { request, response } = route.options;
  if (request.save === false) return undefined;
  const saver = savers.get(route) ?? requestSaver(request.save, route.warn, response.reference !== undefined);
  savers.set(route, saver);
  return saver;
}
