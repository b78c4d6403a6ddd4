/**
 * Recognises answers of another idempotency layer that are not the operation's own end.
 *
 * @module
 */

import { STATUS_HEADER } from '../protocol/headers.ts';
import { codeOfBody, mayBeProblem } from '../protocol/problem-body.ts';
import { isFinalCode } from '../protocol/problem-codes.ts';
import { parseStatus } from '../protocol/status-header.ts';
import { asBuffer } from './as-buffer.ts';
import type { CapturedResponse } from './exchange.ts';
import { fieldValue } from './kept-fields.ts';

/** Statuses that such answers have, and the longest body worth looking at. */
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

function bodySaysSo(response: CapturedResponse): boolean {
  const type = fieldValue(response.fields, 'content-type');
  if (!mayBeProblem(type) || response.body.length > MAX_BODY_BYTES) return false;
  const code = codeOfBody(type, parsed(response.body));
  return code !== undefined && !isFinalCode(code);
}

/**
 * Whether an answer says that the operation behind it is not decided: by the header that this library's layers
 * send, or, where a gateway dropped that, by the body of a problem of ours or of Stripe's "key in use".
 */
export function isNotFinal(response: CapturedResponse): boolean {
  if (!statuses.has(response.status)) return false;
  const said = parseStatus(fieldValue(response.fields, statusHeader));
  return said === undefined ? bodySaysSo(response) : !said.final;
}
