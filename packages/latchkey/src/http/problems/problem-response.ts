/**
 * The response that carries a problem.
 *
 * @module
 */

import type { Emit } from '../../core/log.ts';
import { STATUS_HEADER } from '../../protocol/headers.ts';
import { formatStatus } from '../../protocol/status-header.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import { checkResponse } from '../plain-response.ts';
import { headerValue, withoutFraming } from '../response/kept-headers.ts';
import { withLength } from '../response/replay.ts';
import type { Dialect } from './dialect.ts';
import type { Problem } from './problems.ts';

/** The parts of the guard that determine the form of problems. */
export interface ProblemShape<Native> {
  readonly dialect: Dialect;
  readonly onProblem: ((problem: Problem, request: Native) => PlainResponse | undefined) | undefined;
  readonly emit: Emit;
}

/** If `onProblem` throws, or returns a response that can't be sent, the dialect's response is used instead. */
function houseStyle<Native>(problem: Problem, request: Native, shape: ProblemShape<Native>): PlainResponse | undefined {
  try {
    const response = shape.onProblem?.(problem, request);
    if (response !== undefined) checkResponse(response);
    return response;
  } catch (error) {
    shape.emit?.({ type: 'handler-error', operation: 'onProblem', error });
    return undefined;
  }
}

/** The headers that every problem has in any form. Other layers and clients depend on them. */
function commonHeaders({ code, final, retryAfterSeconds }: Problem): readonly Header[] {
  const headers: Header[] = [
    ['Cache-Control', 'no-store'],
    [STATUS_HEADER, formatStatus(code, final)],
  ];
  if (retryAfterSeconds !== undefined) headers.push(['Retry-After', String(retryAfterSeconds)]);
  return headers;
}

const statusHeader = STATUS_HEADER.toLowerCase();

/** Builds the response for a problem with `onProblem` or, by default, the dialect, and adds missing headers. */
export function problemResponse<Native>(problem: Problem, request: Native, shape: ProblemShape<Native>): PlainResponse {
  const { status, headers, body } = houseStyle(problem, request, shape) ?? shape.dialect.shape(problem);
  const given = withoutFraming(headers).filter(([name]) => name.toLowerCase() !== statusHeader);
  const missing = commonHeaders(problem).filter(([name]) => headerValue(given, name.toLowerCase()) === undefined);
  return withLength(status, [...given, ...missing], body);
}
