/**
 * Stripe's statuses and error body (https://docs.stripe.com/api/errors, https://docs.stripe.com/error-codes).
 *
 * @module
 */

import type { Header } from '../http/exchange.ts';
import type { Dialect } from '../http/problems/dialect.ts';
import type { Problem } from '../http/problems/problems.ts';
import { STRIPE_CODE_MEMBER, STRIPE_KEY_IN_USE } from '../protocol/problem-body.ts';

const idempotencyErrors: ReadonlySet<string> = new Set([
  'key-reused',
  'in-progress',
  'outcome-unknown',
  'key-quarantined',
]);

function errorType({ code, status }: Problem): string {
  if (idempotencyErrors.has(code)) return 'idempotency_error';
  return status < 500 ? 'invalid_request_error' : 'api_error';
}

/** Stripe answers 400 where the IETF draft says 422. */
function statusOf({ code, status }: Problem): number {
  return code === 'key-reused' ? 400 : status;
}

function errorBody(problem: Problem): object {
  const { code, detail, type, reference, original } = problem;
  return {
    error: {
      type: errorType(problem),
      code: code === 'in-progress' ? STRIPE_KEY_IN_USE : code,
      message: detail,
      doc_url: type,
      [STRIPE_CODE_MEMBER]: code,
      ...(reference && { latchkey_reference: reference }),
      ...(original && { original }),
    },
  };
}

/** Stripe's clients automatically retry every 409 and 5xx unless this header tells them not to. */
function shouldRetry({ retryAfterSeconds }: Problem): Header {
  return ['Stripe-Should-Retry', String(retryAfterSeconds !== undefined)];
}

/**
 * `{"error": {…}}` with Stripe's `type`, `code`, `message` and `doc_url`, our permanent code as `latchkey_code` and the
 * record's reference as `latchkey_reference`. Under `rerun` a 400 is not kept: Stripe only saves results once the
 * endpoint has begun to execute. Under `refuse` it is kept, since a guard can't see where in the handler the 400 was
 * created.
 */
export const stripe: Dialect = {
  name: 'stripe',
  source: 'https://docs.stripe.com/api/idempotent_requests',
  shape: (problem) => ({
    status: statusOf(problem),
    headers: [['Content-Type', 'application/json'], shouldRetry(problem)],
    body: Buffer.from(JSON.stringify(errorBody(problem))),
  }),
  releases: (status) => status === 400,
};
