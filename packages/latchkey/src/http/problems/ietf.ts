/**
 * The default dialect: statuses of draft-ietf-httpapi-idempotency-key-header §2.7, bodies of RFC 9457.
 *
 * @module
 */

import type { Dialect } from './dialect.ts';
import type { Problem } from './problems.ts';

function problemBody({ type, title, status, detail, code, reference, original }: Problem): object {
  return { type, title, status, detail, code, ...(reference && { reference }), ...(original && { original }) };
}

/** Problem details (RFC 9457) with the members `code`, `reference` (of the record) and, where an answer was not kept, `original`. */
export const ietf: Dialect = {
  name: 'ietf',
  source: 'https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/',
  shape: (problem) => ({
    status: problem.status,
    headers: [['Content-Type', 'application/problem+json']],
    body: Buffer.from(JSON.stringify(problemBody(problem))),
  }),
};
