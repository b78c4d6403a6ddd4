/**
 * Recognises answers of another idempotency layer that are not the operation's own end.
 *
 * @module
 */

import { asBuffer } from './as-buffer.ts';
import type { CapturedResponse } from './exchange.ts';
import { fieldValue } from './kept-fields.ts';
import { isNotFinalCode } from './problems.ts';

/** Statuses that such answers have, and the longest body worth looking at. */
const statuses: ReadonlySet<number> = new Set([400, 403, 409, 500, 503]);
const MAX_BODY_BYTES = 8 * 1024;

/** How Stripe says "in progress". */
const STRIPE_IN_USE = 'idempotency_key_in_use';

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(asBuffer(body).toString());
  } catch {
    return undefined;
  }
}

function bodySaysSo(response: CapturedResponse): boolean {
  const type = fieldValue(response.fields, 'content-type') ?? '';
  if (!type.includes('json') || response.body.length > MAX_BODY_BYTES) return false;
  const value = parsed(response.body);
  if (type.startsWith('application/problem+json')) return isNotFinalCode(memberOf(value, 'code'));
  const error = memberOf(value, 'error');
  return memberOf(error, 'code') === STRIPE_IN_USE || isNotFinalCode(memberOf(error, 'latchkey_code'));
}

/**
 * Whether an answer says that the operation behind it is not decided: by the field that this library's layers
 * send, or, where a gateway dropped that, by the body of a problem of ours or of Stripe's "key in use".
 */
export function isNotFinal(response: CapturedResponse): boolean {
  if (!statuses.has(response.status)) return false;
  const mark = fieldValue(response.fields, 'idempotency-status');
  return mark === undefined ? bodySaysSo(response) : /;\s*final=\?0/.test(mark);
}
