/**
 * The Agentic Commerce Protocol: RFC "Agentic Checkout", section 6
 * (https://github.com/agentic-commerce-protocol/agentic-commerce-protocol/blob/main/rfcs/rfc.agentic_checkout.md).
 *
 * @module
 */

import type { Dialect } from '../http/problems/dialect.ts';
import type { Problem } from '../http/problems/problems.ts';
import { ACP_CODES } from '../protocol/problem-body.ts';
import { lacksDay } from './needs.ts';

/** Its codes (section 6.4). Problems that it does not name have our code, with underscores. */
const codes: ReadonlyMap<string, string> = new Map([
  ['key-missing', 'idempotency_key_required'],
  ...Object.entries(ACP_CODES).map(([theirs, ours]) => [ours, theirs] as const),
]);

function typeOf({ status }: Problem): string {
  if (status === 503) return 'service_unavailable';
  return status < 500 ? 'invalid_request' : 'processing_error';
}

/**
 * A flat `{"type", "code", "message"}` with the statuses 400 (no key), 422 (another payload) and 409 (still running). The
 * key is mandatory and sent back on every answer, answers are kept for at least 24 hours, and a 5xx is never kept, so a
 * failure must release the record.
 */
export const acp: Dialect = {
  name: 'acp',
  source:
    'https://github.com/agentic-commerce-protocol/agentic-commerce-protocol/blob/main/rfcs/rfc.agentic_checkout.md#6-idempotency-retries--concurrency',
  shape: (problem) => ({
    status: problem.status,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(
      JSON.stringify({
        type: typeOf(problem),
        code: codes.get(problem.code) ?? problem.code.replaceAll('-', '_'),
        message: problem.detail,
        ...(problem.reference && { reference: problem.reference }),
        ...(problem.original && { original: problem.original }),
      }),
    ),
  }),
  releases: (status) => status >= 500,
  echoesKey: true,
  lacks: (route) => [
    ...(route.afterFailure === 'rerun' ? [] : ["afterFailure: 'rerun'"]),
    ...(route.keyRequired ? [] : ['key: { required: true }']),
    ...lacksDay(route),
  ],
};
