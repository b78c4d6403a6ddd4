/**
 * Answers the replays that few requests get: on a route with `authorizeReplay`, of an answer whose body was not kept, and
 * of one that is stored as a reference.
 *
 * @module
 */

import type { StoredResult } from '../../core/store.ts';
import { STATUS_HEADER } from '../../protocol/headers.ts';
import { formatStatus } from '../../protocol/status-header.ts';
import type { Exchange, Marks, PlainResponse } from '../exchange.ts';
import type { ReplayRecord } from '../options.ts';
import { type Problem, problem } from '../problems/problems.ts';
import { readAnswer } from './answer.ts';
import type { Replay } from './answer-outcome.ts';
import { headerValue } from './kept-headers.ts';
import { marked } from './marks.ts';
import { rebuiltResponse } from './references.ts';
import { replay } from './replay.ts';
import type { Snapshot } from './snapshot.ts';

function notKept({ status, headers }: Snapshot): Problem {
  const location = headerValue(headers, 'location');
  const original = { status, ...(location !== undefined && { location }) };
  return problem('response-not-kept', {
    detail: `The operation is done, with status ${status}, and will not run again; its response body was not kept.`,
    original,
  });
}

function stored<Native>(
  snapshot: Snapshot,
  { kind }: StoredResult,
  exchange: Exchange<Native>,
): PlainResponse | Promise<PlainResponse> {
  if (kind === 'tombstone') return exchange.shape(notKept(snapshot));
  return snapshot.isReference ? rebuiltResponse(snapshot, exchange) : replay(snapshot, exchange);
}

/** The operation was carried out, so a refusal by the application does not end it either. */
const refusedReplay: Marks = { headers: [[STATUS_HEADER, formatStatus('replay-forbidden', false)]], without: [] };

/**
 * Returns the answer of a replay, once the application has allowed it.
 *
 * @throws LatchkeyError `record-unreadable`; errors of `authorizeReplay`.
 */
export async function answerRareReplay<Native>(
  snapshot: Snapshot,
  { operationId, completedAtMs, result }: Replay,
  exchange: Exchange<Native>,
): Promise<PlainResponse> {
  const { authorizeReplay } = exchange.route.options.response;
  if (authorizeReplay === undefined) return stored(snapshot, result, exchange);
  const record: ReplayRecord = { operationId, status: snapshot.status, completedAtMs };
  const permission = await authorizeReplay(exchange.native, record);
  if (typeof permission === 'object') return marked(await readAnswer(permission), refusedReplay);
  return permission === true ? stored(snapshot, result, exchange) : exchange.shape(problem('replay-forbidden'));
}
