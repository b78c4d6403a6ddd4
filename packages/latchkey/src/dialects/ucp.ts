/**
 * The Universal Commerce Protocol: the REST binding of checkout, section "Specific Header Requirements"
 * (https://ucp.dev/specification/checkout-rest), and its rules for replays
 * (https://ucp.dev/specification/signatures#replay-protection).
 *
 * @module
 */

import type { Dialect } from '../http/problems/dialect.ts';
import type { Problem } from '../http/problems/problems.ts';
import { lacksDay } from './needs.ts';

/** UCP answers 409 where the IETF draft says 422. */
function statusOf({ code, status }: Problem): number {
  return code === 'key-reused' ? 409 : status;
}

/** `recoverable` if the platform can act by itself: wait, or send another request. */
function severityOf({ code, retryAfterSeconds }: Problem): string {
  const isOurs = code === 'key-missing' || code === 'key-invalid' || code === 'key-reused';
  return isOurs || retryAfterSeconds !== undefined ? 'recoverable' : 'unrecoverable';
}

/**
 * UCP's `{"messages": […]}` with one error, and 409 for another payload. Payloads are compared by their bytes, as by the
 * Content-Digest of a signed request, and answers are kept for at least 24 hours.
 */
export const ucp: Dialect = {
  name: 'ucp',
  source: 'https://ucp.dev/specification/checkout-rest',
  shape: (problem) => ({
    status: statusOf(problem),
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(
      JSON.stringify({
        messages: [
          {
            type: 'error',
            code: problem.code.replaceAll('-', '_'),
            content: problem.detail,
            severity: severityOf(problem),
          },
        ],
        ...(problem.reference && { reference: problem.reference }),
        ...(problem.original && { original: problem.original }),
      }),
    ),
  }),
  lacks: (route) => [...(route.comparedBy === 'bytes' ? [] : ["fingerprint: { body: 'bytes' }"]), ...lacksDay(route)],
};
