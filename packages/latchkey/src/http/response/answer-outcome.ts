/**
 * Answers a request whose handler ran, or whose record has the answer.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { Executed, Outcome, Recorded } from '../../core/operation.ts';
import type { AnyExchange, CapturedResponse, Exchange, GuardAnswer, PlainResponse } from '../exchange.ts';
import { problem } from '../problems/problems.ts';
import { loadOnDemand } from '../request/route.ts';
import type { Warn } from '../warnings.ts';
import { marked, marksOf } from './marks.ts';
import { replay } from './replay.ts';
import { decodeResponse } from './snapshot.ts';

/** The record has the answer. */
export type Replay = Extract<Outcome, { kind: 'replay' }>;

/** Retry-After in seconds when only the store knows the state. */
const SOON = { retryAfterSeconds: 1 };

/** The handler's answer with marks, or the one that the adapter must write: of `finish`, or for a thrown error. */
export function send({ captured, committed, forThrow, thrown }: AnyExchange, recorded: Recorded): GuardAnswer {
  const own = committed ?? forThrow;
  if (own === undefined) return { kind: 'send', marks: marksOf(captured ?? noAnswer, recorded) };
  // A problem for a thrown error already has its code, which marks it as the operation's failure.
  const response = thrown === 'failed' && recorded !== 'unstored' ? own : marked(own, marksOf(own, recorded));
  return { kind: 'answer', response };
}

const noAnswer: PlainResponse = { status: 500, headers: [], body: new Uint8Array() };

/** An answer in place of the handler's. If the head has already been sent, the connection is closed instead. */
function instead({ captured }: AnyExchange, response: PlainResponse): GuardAnswer {
  return captured?.headSent === true ? { kind: 'cut' } : { kind: 'answer', response };
}

/**
 * Returns the answer to a request whose handler ran.
 *
 * @param warn - reports mistakes in the use of the guard.
 */
export function answerExecuted(outcome: Executed, exchange: AnyExchange, warn: Warn): GuardAnswer {
  const { captured } = exchange;
  if (captured !== undefined && captured.status >= 400) warnOfKept(outcome, captured, exchange, warn);
  switch (outcome.recorded) {
    case 'stored':
    case 'tombstone':
    case 'released':
    case 'lapsed':
      return send(exchange, outcome.recorded);
    case 'lost':
      // Another worker's answer is valid now: this one must not reach the client.
      return instead(exchange, exchange.shape(problem('in-progress', SOON)));
    case 'unstored': {
      const choice = exchange.route.options.response.whenUnstored ?? (outcome.policy === 'refuse' ? 'send' : '503');
      // The head of a stream was sent without the mark, so its end would look to the client like the end of a stored
      // answer.
      if (exchange.captured?.headSent === true) return { kind: 'cut' };
      if (choice === 'send') return send(exchange, 'unstored');
      return instead(exchange, exchange.shape(problem('store-unavailable', SOON)));
    }
  }
}

/** Warns about an answer that `refuse` keeps, or doesn't store, although its status asks the client to retry. */
function warnOfKept(outcome: Executed, { status }: CapturedResponse, exchange: AnyExchange, warn: Warn): void {
  const { committed, result, overruled, route } = exchange;
  if (outcome.policy !== 'refuse' || committed !== undefined) return;
  if (outcome.recorded === 'lapsed' && result === 'not-final') {
    route.warn('not-final-answer', notFinalAnswer(status));
  }
  if (overruled === 'keep' || (outcome.recorded !== 'stored' && outcome.recorded !== 'tombstone')) return;
  if (result === 'come-back') route.warn('come-back-kept', comeBackKept(status));
  else if (status >= 500) warn('failure-kept', failureKept);
}

const failureKept =
  "A 5xx answer was kept, because afterFailure is 'refuse'. If the handler's effects are in steps and transactions, set 'rerun'.";

function comeBackKept(status: number): string {
  return `A ${status} answer was kept, because afterFailure is 'refuse'. Mount limiters and authentication before the guard, throw NothingHappenedError, or set keep.`;
}

function notFinalAnswer(status: number): string {
  return `A ${status} answer is not final, so the record lapsed. Set 'rerun' on a route that forwards to an idempotent service.`;
}

/** A record that can't be read is an error, never a reason to run the handler again. */
function ifUnreadable<Native>(error: unknown, exchange: Exchange<Native>): GuardAnswer {
  if (!(error instanceof LatchkeyError && error.code === 'record-unreadable')) throw error;
  return { kind: 'answer', response: exchange.shape(problem(error.code)) };
}

/** The stored answer. An error of `authorizeReplay` is rethrown: the application refuses the replay. */
export function answerReplay<Native>(outcome: Replay, exchange: Exchange<Native>): GuardAnswer | Promise<GuardAnswer> {
  const { authorizeReplay } = exchange.route.options.response;
  const { result } = outcome;
  try {
    const snapshot = decodeResponse(result.bytes);
    const isUsual = authorizeReplay === undefined && result.kind === 'value' && !snapshot.isReference;
    const response = isUsual
      ? replay(snapshot, exchange)
      : loadOnDemand().then(({ answerRareReplay }) => answerRareReplay(snapshot, outcome, exchange));
    if (!(response instanceof Promise)) return { kind: 'answer', response };
    return response.then(
      (made): GuardAnswer => ({ kind: 'answer', response: made }),
      (error) => ifUnreadable(error, exchange),
    );
  } catch (error) {
    return ifUnreadable(error, exchange);
  }
}
