/**
 * From the engine's outcome to what the adapter does.
 *
 * @module
 */

import { type ErrorCode, LatchkeyError } from '../../core/errors.ts';
import type { Outcome, Recorded } from '../../core/operation.ts';
import { STATUS_HEADER } from '../../protocol/headers.ts';
import { formatStatus } from '../../protocol/status-header.ts';
import type { GuardAnswer, Marks, PlainResponse } from '../exchange.ts';
import type { ReplayRecord, RouteOptions } from '../options.ts';
import type { Problem } from '../problems/problem.ts';
import { problem, retryAfterSeconds } from '../problems/problems.ts';
import { readAnswer } from './answer.ts';
import { headerValue } from './kept-headers.ts';
import { marked, marksOf } from './marks.ts';
import { replay } from './replay.ts';
import type { Run } from './run-handler.ts';
import { decodeResponse, type Snapshot } from './snapshot.ts';

/** What an answer needs beside the outcome. */
export interface AnswerParts<Native> {
  readonly options: RouteOptions<Native>;
  readonly native: Native;
  readonly acceptEncoding: readonly string[];
  shape(problem: Problem): PlainResponse;
}

type Executed = Extract<Outcome, { kind: 'executed' }>;
type Replay = Extract<Outcome, { kind: 'replay' }>;

/** How soon to look again where only the store knows. */
const SOON = { retryAfterSeconds: 1 };

/** The handler's own answer, marked. */
function send(run: Run, recorded: Recorded): GuardAnswer {
  const { captured, own } = run;
  if (own === undefined) return { kind: 'send', marks: marksOf(captured ?? noAnswer, recorded) };
  // A problem made for a throw has its code already, which says that it is the operation's failure.
  const response = run.thrown === 'failed' && recorded !== 'unstored' ? own : marked(own, marksOf(own, recorded));
  return { kind: 'answer', response };
}

const noAnswer: PlainResponse = { status: 500, headers: [], body: new Uint8Array() };

/** An answer in place of the handler's; once its head is out, all that is left is to cut it short. */
function instead(run: Run, response: PlainResponse): GuardAnswer {
  return run.captured?.headSent === true ? { kind: 'cut' } : { kind: 'answer', response };
}

function answerExecuted<Native>(outcome: Executed, run: Run, parts: AnswerParts<Native>): GuardAnswer {
  switch (outcome.recorded) {
    case 'stored':
    case 'tombstone':
    case 'released':
    case 'lapsed':
      return send(run, outcome.recorded);
    case 'lost':
      // Another worker's answer is the true one now: this one must not reach the client.
      return instead(run, parts.shape(problem('in-progress', SOON)));
    case 'unstored': {
      const choice = parts.options.onUnstored ?? (outcome.policy === 'refuse' ? 'send' : '503');
      // A stream's head is out without the mark: its end would look to the client like the end of a stored answer.
      if (run.captured?.headSent === true) return { kind: 'cut' };
      if (choice === 'send') return send(run, 'unstored');
      return instead(run, parts.shape(problem('store-unavailable', SOON)));
    }
  }
}

function notKept({ status, headers }: Snapshot): Problem {
  const location = headerValue(headers, 'location');
  const original = { status, ...(location !== undefined && { location }) };
  return problem('response-not-kept', {
    detail: `The operation is done, with status ${status}, and will not run again; its response body was not kept.`,
    original,
  });
}

/** The stored answer, for whoever may have it. */
function stored<Native>(
  snapshot: Snapshot,
  { result }: Replay,
  parts: AnswerParts<Native>,
): PlainResponse | Promise<PlainResponse> {
  return result.kind === 'tombstone' ? parts.shape(notKept(snapshot)) : replay(snapshot, parts);
}

/** The operation was carried out, so the application's own refusal does not end it either. */
const refusedReplay: Marks = { headers: [[STATUS_HEADER, formatStatus('replay-forbidden', false)]], without: [] };

async function authorized<Native>(
  snapshot: Snapshot,
  outcome: Replay,
  parts: AnswerParts<Native>,
  authorizeReplay: NonNullable<RouteOptions<Native>['authorizeReplay']>,
): Promise<PlainResponse> {
  const { operationId, completedAtMs } = outcome;
  const record: ReplayRecord = { operationId, status: snapshot.status, completedAtMs };
  const permission = await authorizeReplay(parts.native, record);
  if (typeof permission === 'object') return marked(await readAnswer(permission), refusedReplay);
  return permission === true ? stored(snapshot, outcome, parts) : parts.shape(problem('replay-forbidden'));
}

function answerReplay<Native>(outcome: Replay, parts: AnswerParts<Native>): PlainResponse | Promise<PlainResponse> {
  const snapshot = decodeResponse(outcome.result.bytes);
  const { authorizeReplay } = parts.options;
  if (authorizeReplay === undefined) return stored(snapshot, outcome, parts);
  return authorized(snapshot, outcome, parts, authorizeReplay);
}

/** A record that can't be read is an error, never a reason to run again. */
function ifUnreadable<Native>(error: unknown, parts: AnswerParts<Native>): GuardAnswer {
  if (!(error instanceof LatchkeyError && error.code === 'record-unreadable')) throw error;
  return { kind: 'answer', response: parts.shape(problem(error.code)) };
}

function safeReplay<Native>(outcome: Replay, parts: AnswerParts<Native>): GuardAnswer | Promise<GuardAnswer> {
  try {
    const response = answerReplay(outcome, parts);
    if (!(response instanceof Promise)) return { kind: 'answer', response };
    return response.then(
      (made): GuardAnswer => ({ kind: 'answer', response: made }),
      (error) => ifUnreadable(error, parts),
    );
  } catch (error) {
    return ifUnreadable(error, parts);
  }
}

/** Faults of the record or its keys, which a retry cannot fix. */
function isRecordFault(code: ErrorCode): code is 'record-unreadable' | 'encryption-key-missing' {
  return code === 'record-unreadable' || code === 'encryption-key-missing';
}

/** The problem of a store that could not answer, or of a record that it could not read. */
export function unavailable({ code, retryAfterMs }: LatchkeyError): Problem {
  if (isRecordFault(code)) return problem(code);
  const known = code === 'shutting-down' ? code : 'store-unavailable';
  return problem(known, { retryAfterSeconds: retryAfterSeconds(retryAfterMs ?? 0) });
}

function refusal(outcome: Extract<Outcome, { kind: 'mismatch' | 'in-progress' | 'outcome-unknown' }>): Problem {
  if (outcome.kind === 'mismatch') return problem('key-reused');
  if (outcome.kind === 'outcome-unknown') return problem('outcome-unknown');
  return problem('in-progress', { retryAfterSeconds: retryAfterSeconds(outcome.retryAfterMs) });
}

/** Decides what goes to the client. What `authorizeReplay` throws is thrown on: it is the application's refusal. */
export function answerOutcome<Native>(
  outcome: Outcome,
  run: Run,
  parts: AnswerParts<Native>,
): GuardAnswer | Promise<GuardAnswer> {
  switch (outcome.kind) {
    case 'executed':
      return answerExecuted(outcome, run, parts);
    case 'unprotected':
      // Nothing is kept of it; it is the operation's own answer all the same.
      return send(run, 'released');
    case 'replay':
      return safeReplay(outcome, parts);
    case 'not-begun':
      return { kind: 'answer', response: parts.shape(problem('request-incomplete')) };
    case 'unavailable':
      return instead(run, parts.shape(unavailable(outcome.error)));
    default:
      return { kind: 'answer', response: parts.shape(refusal(outcome)) };
  }
}
