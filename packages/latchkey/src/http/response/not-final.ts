/**
 * Recognises answers of another idempotency layer that are not the operation's own end.
 *
 * @module
 */

import { asBuffer } from '../../core/support/bytes.ts';
import { STATUS_HEADER } from '../../protocol/headers.ts';
import { codeOfBody, mayBeProblem } from '../../protocol/problem-body.ts';
import { isFinalCode } from '../../protocol/problem-codes.ts';
import { parseStatus } from '../../protocol/status-header.ts';
import type { CapturedResponse } from '../exchange.ts';
import { headerValue } from './kept-headers.ts';

/** Statuses that such problems have by themselves, and the longest body worth looking at. */
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

type Answered = Pick<CapturedResponse, 'status' | 'headers' | 'body'>;

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
