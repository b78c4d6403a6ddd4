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

/** What gives problems their shape. */
export interface ProblemShape<Native> {
  readonly dialect: Dialect;
  readonly onProblem: ((problem: Problem, request: Native) => PlainResponse | undefined) | undefined;
  readonly emit: Emit;
}

/** A house style that fails, or gives what can't be sent, must not turn an answer into a crash. */
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

/** The headers that every problem carries, whatever its shape: layers and clients go by them. */
function commonHeaders({ code, final, retryAfterSeconds }: Problem): readonly Header[] {
  const headers: Header[] = [
    ['Cache-Control', 'no-store'],
    [STATUS_HEADER, formatStatus(code, final)],
  ];
  if (retryAfterSeconds !== undefined) headers.push(['Retry-After', String(retryAfterSeconds)]);
  return headers;
}

const statusHeader = STATUS_HEADER.toLowerCase();

/** Shapes a problem by the house style, or else the dialect, and adds the headers that are missing. */
export function problemResponse<Native>(problem: Problem, request: Native, shape: ProblemShape<Native>): PlainResponse {
  const { status, headers, body } = houseStyle(problem, request, shape) ?? shape.dialect.shape(problem);
  const given = withoutFraming(headers).filter(([name]) => name.toLowerCase() !== statusHeader);
  const missing = commonHeaders(problem).filter(([name]) => headerValue(given, name.toLowerCase()) === undefined);
  return withLength(status, [...given, ...missing], body);
}
