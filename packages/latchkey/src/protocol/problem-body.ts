/**
 * Finds the code of a problem in its body, for answers whose status header was dropped on the way (by a gateway, or
 * by a browser for want of `Access-Control-Expose-Headers`).
 *
 * @module
 */

import { isProblemCode, type ProblemCode } from './problem-codes.ts';

/** Stripe's code for a request whose key is in use by another one that still runs. */
export const STRIPE_KEY_IN_USE = 'idempotency_key_in_use';

/** The member in which the Stripe dialect has the layer's own code. */
export const STRIPE_CODE_MEMBER = 'latchkey_code';

const jsonType = /^application\/(problem\+)?json\b/i;
const problemType = /^application\/problem\+json\b/i;

/** Whether a body of this content type may be that of a problem. */
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
 * In Stripe's shape, `idempotency_key_in_use` says that the first request still runs; any other `idempotency_error`
 * is a reuse with other parameters (docs.stripe.com/error-codes, docs.stripe.com/api/errors).
 */
function codeOfStripe(error: unknown): ProblemCode | undefined {
  const ours = known(member(error, STRIPE_CODE_MEMBER));
  if (ours !== undefined) return ours;
  if (member(error, 'code') === STRIPE_KEY_IN_USE) return 'in-progress';
  return member(error, 'type') === 'idempotency_error' ? 'key-reused' : undefined;
}

/**
 * The code that a body in the shape of RFC 9457 or of Stripe holds; undefined if it is not one of ours.
 *
 * @param json - the parsed body of an answer with a status from 400 on.
 */
export function codeOfBody(contentType: string | null | undefined, json: unknown): ProblemCode | undefined {
  return problemType.test(contentType ?? '') ? known(member(json, 'code')) : codeOfStripe(member(json, 'error'));
}
