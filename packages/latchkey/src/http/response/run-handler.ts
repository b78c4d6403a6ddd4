/**
 * Runs the handler once: its response, and the result of the run.
 *
 * @module
 */

import { NothingHappenedError, nothingHappenedMark } from '../../core/errors.ts';
import type { RunResult } from '../../core/operation.ts';
import { acceptsCodings, codingsOf } from '../content-coding.ts';
import type { AnyExchange, CapturedResponse, PlainResponse } from '../exchange.ts';
import type { ResponseOptions } from '../options.ts';
import { problem, retryAfterSeconds } from '../problems/problems.ts';
import { classify } from './classify.ts';
import { headerValue } from './kept-headers.ts';

/** The answer for a handler that threw an error that no framework turned into a response. */
function thrownResponse(error: unknown, exchange: AnyExchange): PlainResponse {
  if (!(error instanceof NothingHappenedError)) return exchange.shape(problem('operation-failed'));
  return exchange.shape(problem('nothing-happened', { retryAfterSeconds: retryAfterSeconds(error.retryAfterMs ?? 0) }));
}

function answerThrow(error: unknown, operation: string, exchange: AnyExchange): CapturedResponse {
  exchange.guard.emit?.({ type: 'handler-error', operation, error }, exchange);
  const response = thrownResponse(error, exchange);
  exchange.thrown = error instanceof NothingHappenedError ? 'nothing-happened' : 'failed';
  exchange.forThrow = response;
  // A retry must not get a failure only because the first client disconnected.
  return { ...response, state: exchange.sawClientGo ? 'broken' : 'whole', headSent: false };
}

type KeepRule = NonNullable<ResponseOptions<never>['keep']>;

/** Returns the route's `keep`, but if that throws, the answer is kept. */
function keepRule(keep: KeepRule, { guard }: AnyExchange, operation: string): KeepRule {
  return (status) => {
    try {
      return keep(status);
    } catch (error) {
      guard.emit?.({ type: 'handler-error', operation, error });
      return true;
    }
  };
}

/** True for the response that a framework's error handler created for a `NothingHappenedError`. */
function saysNothingHappened({ headers }: CapturedResponse): boolean {
  const mark = headerValue(headers, 'idempotency-status');
  return mark !== undefined && mark === nothingHappenedMark();
}

/**
 * Runs the handler and classifies its response. Never rejects: an error that the framework doesn't handle becomes a
 * failed response of the guard.
 */
export async function runHandler(exchange: AnyExchange, operation: string): Promise<RunResult> {
  let captured: CapturedResponse;
  try {
    captured = await exchange.execute();
  } catch (error) {
    captured = answerThrow(error, operation, exchange);
  }
  exchange.captured = captured;
  if (captured.status >= 400 && saysNothingHappened(captured)) exchange.thrown = 'nothing-happened';
  const { overruled, thrown, route, guard } = exchange;
  const { keep } = route.options.response;
  const outcome = classify(captured, {
    overruled,
    thrown,
    keep: keep && keepRule(keep, exchange, operation),
    dialect: guard.dialect,
  });
  exchange.result = outcome;
  const coding = headerValue(captured.headers, 'content-encoding');
  // A coding that the client had not asked for is part of the content, not of this exchange.
  const fixedCoding = coding !== undefined && !acceptsCodings(exchange.headers('accept-encoding'), codingsOf([coding]));
  const limitBytes = captured.state === 'whole' ? route.maxResponseBytes : -1;
  const encoded = exchange.encode(captured, limitBytes, fixedCoding);
  const { result, tombstone } = encoded instanceof Promise ? await encoded : encoded;
  return { outcome, result, tombstone, stillRunning: captured.stillRunning };
}
