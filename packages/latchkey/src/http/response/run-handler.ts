/**
 * One run of the handler: its response, and the result of the run.
 *
 * @module
 */

import { NothingHappenedError, nothingHappenedMark } from '../../core/errors.ts';
import type { RunResult } from '../../core/operation.ts';
import { acceptsCodings, codingsOf } from '../content-coding.ts';
import type { AnyExchange, CapturedResponse, PlainResponse } from '../exchange.ts';
import { problem, retryAfterSeconds } from '../problems/problems.ts';
import { classify } from './classify.ts';
import { headerValue } from './kept-headers.ts';
import { encodeResponse, finalWrite } from './snapshot.ts';

/** The answer for a handler that threw where no framework turned that into a response. */
function thrownResponse(error: unknown, exchange: AnyExchange): PlainResponse {
  if (!(error instanceof NothingHappenedError)) return exchange.shape(problem('operation-failed'));
  return exchange.shape(problem('nothing-happened', { retryAfterSeconds: retryAfterSeconds(error.retryAfterMs ?? 0) }));
}

function answerThrow(error: unknown, operation: string, exchange: AnyExchange): CapturedResponse {
  exchange.guard.emit?.({ type: 'handler-error', operation, error });
  const response = thrownResponse(error, exchange);
  exchange.thrown = error instanceof NothingHappenedError ? 'nothing-happened' : 'failed';
  exchange.forThrow = response;
  // A retry must not get a failure only because nobody listened.
  return { ...response, state: exchange.sawClientGo ? 'broken' : 'whole', headSent: false };
}

/** A coding sent to a client that hadn't asked for it is part of the content, not of this one exchange. */
function isFixedCoding({ headers }: CapturedResponse, exchange: AnyExchange): boolean {
  const encoding = headerValue(headers, 'content-encoding');
  return encoding !== undefined && !acceptsCodings(exchange.headers('accept-encoding'), codingsOf([encoding]));
}

function keepRule({ route, guard }: AnyExchange, operation: string) {
  const { keep } = route.options.response;
  if (keep === undefined) return undefined;
  return (status: number): boolean => {
    try {
      return keep(status);
    } catch (error) {
      guard.emit?.({ type: 'handler-error', operation, error });
      return true;
    }
  };
}

/** True for what a framework's error handler made of a `NothingHappenedError`. */
function saysNothingHappened({ status, headers }: CapturedResponse): boolean {
  const mark = status < 400 ? undefined : headerValue(headers, 'idempotency-status');
  return mark !== undefined && mark === nothingHappenedMark();
}

function runResultOf(captured: CapturedResponse, operation: string, exchange: AnyExchange): RunResult {
  if (saysNothingHappened(captured)) exchange.thrown = 'nothing-happened';
  const { overruled, thrown, route, guard } = exchange;
  const outcome = classify(captured, {
    overruled,
    thrown,
    keep: keepRule(exchange, operation),
    dialect: guard.dialect,
  });
  exchange.result = outcome;
  const encoded = encodeResponse(captured, isFixedCoding(captured, exchange));
  const limitBytes = captured.state === 'whole' ? route.maxResponseBytes : -1;
  const { result, tombstone } = finalWrite(encoded, limitBytes);
  const { stillRunning } = captured;
  return stillRunning === undefined ? { outcome, result, tombstone } : { outcome, result, tombstone, stillRunning };
}

/**
 * Runs the handler and judges its response. Never rejects: a throw past the framework is a failed response, one of the
 * guard's own.
 */
export async function runHandler(exchange: AnyExchange, operation: string): Promise<RunResult> {
  try {
    exchange.captured = await exchange.execute();
  } catch (error) {
    exchange.captured = answerThrow(error, operation, exchange);
  }
  return runResultOf(exchange.captured, operation, exchange);
}
