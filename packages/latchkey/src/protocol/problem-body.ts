/**
 * Finds the code of a problem in its body, for answers without the status header (removed by a gateway, or hidden by a
 * browser without `Access-Control-Expose-Headers`).
 *
 * @module
 */

import { isProblemCode, type ProblemCode } from './problem-codes.ts';

/** Stripe's code for a request whose key is used by another one that is still running. */
export const STRIPE_KEY_IN_USE = 'idempotency_key_in_use';

/** The member with the guard's own code in the Stripe dialect. */
export const STRIPE_CODE_MEMBER = 'latchkey_code';

/** The codes of the Agentic Commerce Protocol, section 6.4, and ours. */
export const ACP_CODES = {
  idempotency_conflict: 'key-reused',
  idempotency_in_flight: 'in-progress',
} as const;

const jsonType = /^application\/(problem\+)?json\b/i;
const problemType = /^application\/problem\+json\b/i;

/** Whether a body of this content type may be a problem. */
export function mayBeProblem(contentType: string | null | undefined): boolean {
  return jsonType.test(contentType ?? '');
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function known(code: unknown): ProblemCode | undefined {
  return isProblemCode(code) ? code : undefined;
}

/**
 * In Stripe's format, `idempotency_key_in_use` means that the first request is still running; any other
 * `idempotency_error` means a reuse with other parameters (docs.stripe.com/error-codes, docs.stripe.com/api/errors).
 */
function codeOfStripe(error: unknown): ProblemCode | undefined {
  const ours = known(member(error, STRIPE_CODE_MEMBER));
  if (ours !== undefined) return ours;
  if (member(error, 'code') === STRIPE_KEY_IN_USE) return 'in-progress';
  return member(error, 'type') === 'idempotency_error' ? 'key-reused' : undefined;
}

/**
 * The code in a body in the format of RFC 9457, of Stripe or of the Agentic Commerce Protocol; undefined if it is not one
 * of the guard's.
 *
 * @param json - the parsed body of an answer with a status of 400 or more.
 */
export function codeOfBody(contentType: string | null | undefined, json: unknown): ProblemCode | undefined {
  const code = member(json, 'code');
  if (problemType.test(contentType ?? '')) return known(code);
  return codeOfStripe(member(json, 'error')) ?? known(member(ACP_CODES, String(code)));
}
