/**
 * What a captured response says about the operation.
 *
 * @module
 */

import type { RunResult } from '../../core/operation.ts';
import { asBuffer } from '../../core/support/codec.ts';
import { STATUS_HEADER } from '../../protocol/headers.ts';
import { codeOfBody, mayBeProblem } from '../../protocol/problem-body.ts';
import { isFinalCode } from '../../protocol/problem-codes.ts';
import { parseStatus } from '../../protocol/status-header.ts';
import type { CapturedResponse } from '../exchange.ts';
import type { Dialect } from '../problems/dialect.ts';
import { headerValue } from './kept-headers.ts';

/** What decides besides the response itself. */
export interface ClassifyRules {
  /** The handler's own word, by `context.keep()` or `context.release()`. */
  readonly overruled: 'keep' | 'release' | undefined;
  /** What a throw said. */
  readonly thrown?: 'nothing-happened' | 'failed' | undefined;
  /** Says for a status below 500, or for a 503 with Retry-After, whether the route keeps its answer. */
  readonly keep: ((status: number) => boolean) | undefined;
  readonly dialect: Dialect;
}

/** Statuses that ask the client to fix something and come back. */
const comeBack: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

/** Whether a response says that the client should come back. */
function asksToComeBack({ status, headers }: CapturedResponse, { dialect }: ClassifyRules): boolean {
  if (status === 503) return headerValue(headers, 'retry-after') !== undefined;
  return comeBack.has(status) || dialect.saysNothingHappened(status);
}

/**
 * The outcome of a run with this response:
 * 1. what the handler itself said, or threw;
 * 2. a stream that broke is a failure, whatever its status promised;
 * 3. an answer of another layer that is not final;
 * 4. 5xx is a failure, except a 503 that says when to come back;
 * 5. what the route says of any other status, or else: 401, 407, 408, 425, 429 and that 503 ask to come back, and all
 *    else is done.
 */
export function classify(response: CapturedResponse, rules: ClassifyRules): RunResult['outcome'] {
  if (rules.overruled === 'release') return 'released';
  if (rules.overruled === 'keep') return 'done';
  if (rules.thrown !== undefined) return rules.thrown;
  if (response.state === 'broken') return 'failed';
  if (response.status >= 400 && isNotFinal(response)) return 'not-final';
  const comesBack = response.status >= 400 && asksToComeBack(response, rules);
  if (response.status >= 500 && !comesBack) return 'failed';
  if (rules.keep !== undefined) return rules.keep(response.status) ? 'done' : 'released';
  return comesBack ? 'come-back' : 'done';
}

type Answered = Pick<CapturedResponse, 'status' | 'headers' | 'body'>;

/** Statuses of the problems that another layer's body may hold, and the longest body that is looked at. */
const statuses: ReadonlySet<number> = new Set([400, 403, 409, 500, 503]);
const MAX_BODY_BYTES = 8 * 1024;

const statusHeader = STATUS_HEADER.toLowerCase();

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(asBuffer(body).toString());
  } catch {
    return undefined;
  }
}

function codeInBody({ status, headers, body }: Answered): string | undefined {
  if (!statuses.has(status)) return undefined;
  const type = headerValue(headers, 'content-type');
  if (!mayBeProblem(type) || body.length > MAX_BODY_BYTES) return undefined;
  const code = codeOfBody(type, parsed(body));
  return code === undefined || isFinalCode(code) ? undefined : code;
}

/**
 * The code by which an answer says that the operation behind it is not decided: in the header that this library's
 * layers send, at any status, since a house style has its own; or, where a gateway dropped that, in the body of a problem
 * of ours or of Stripe's "key in use".
 */
export function notFinalCode(response: Answered): string | undefined {
  const said = parseStatus(headerValue(response.headers, statusHeader));
  if (said === undefined) return codeInBody(response);
  return said.final ? undefined : said.word;
}

/** Whether an answer says that the operation behind it is not decided. */
export function isNotFinal(response: Answered): boolean {
  return notFinalCode(response) !== undefined;
}
