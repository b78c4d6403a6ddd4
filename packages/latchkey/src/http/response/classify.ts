/**
 * Determines the outcome of the operation from a captured response.
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

/** The other inputs of the classification. */
export interface ClassifyRules {
  /** The handler's call of `context.keep()` or `context.release()`. */
  readonly overruled: 'keep' | 'release' | undefined;
  /** What the thrown error means. */
  readonly thrown?: 'nothing-happened' | 'failed' | undefined;
  /** Returns, for a status below 500 or a 503 with Retry-After, whether the route keeps the answer. */
  readonly keep: ((status: number) => boolean) | undefined;
  readonly dialect: Dialect;
}

/** Statuses that ask the client to change something and retry. */
const comeBack: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

/** Whether a response asks the client to retry, in every dialect. */
function asksToComeBack({ status, headers }: CapturedResponse): boolean {
  return status === 503 ? headerValue(headers, 'retry-after') !== undefined : comeBack.has(status);
}

/**
 * Returns the outcome of a run with this response, from the first of these that applies:
 * 1. what the handler called or threw;
 * 2. a broken stream is a failure, whatever its status;
 * 3. a non-final answer of another layer;
 * 4. 5xx is a failure, except a 503 with Retry-After and a status that the dialect releases;
 * 5. for any other status, the route's `keep`; by default, 401, 407, 408, 425, 429, that 503 and the statuses of the
 *    dialect ask for a retry, and every other status is done.
 */
export function classify(response: CapturedResponse, rules: ClassifyRules): RunResult['outcome'] {
  if (rules.overruled === 'release') return 'released';
  if (rules.overruled === 'keep') return 'done';
  const releases = (status: number) => rules.dialect.releases?.(status) === true;
  if (rules.thrown === 'failed' && releases(500)) return 'come-back';
  if (rules.thrown !== undefined) return rules.thrown;
  if (response.state === 'broken') return 'failed';
  if (response.status >= 400 && isNotFinal(response)) return 'not-final';
  if (response.status >= 500 && releases(response.status)) return 'come-back';
  const comesBack = response.status >= 400 && (asksToComeBack(response) || releases(response.status));
  if (response.status >= 500 && !comesBack) return 'failed';
  if (rules.keep !== undefined) return rules.keep(response.status) ? 'done' : 'released';
  return comesBack ? 'come-back' : 'done';
}

type Answered = Pick<CapturedResponse, 'status' | 'headers' | 'body'>;

/** Statuses of problems in another layer's body, and the longest body that is checked. */
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
 * Returns the code of an answer that shows that the downstream operation is not decided. The code is in the header that
 * this library's layers send, at any status, since `onProblem` can change it. If a gateway removed the header, the code
 * is in the body of a problem of RFC 9457, or of Stripe's or ACP's form.
 */
export function notFinalCode(response: Answered): string | undefined {
  const said = parseStatus(headerValue(response.headers, statusHeader));
  if (said === undefined) return codeInBody(response);
  return said.final ? undefined : said.word;
}

/** Whether an answer shows that the downstream operation is not decided. */
export function isNotFinal(response: Answered): boolean {
  return notFinalCode(response) !== undefined;
}
