/**
 * The names of the headers that the guard and the client read and write.
 *
 * @module
 */

/**
 * The request header that carries the client's key (draft-ietf-httpapi-idempotency-key-header). A cross-origin page
 * may send it if `Access-Control-Allow-Headers` names it.
 */
export const KEY_HEADER = 'Idempotency-Key';

/** The request header with the time when the key was first sent (OASIS Repeatable Requests 1.0). */
export const FIRST_SENT_HEADER = 'Repeatability-First-Sent';

/** `true` on an answer from the record, as in Stripe's API. */
export const REPLAYED_HEADER = 'Idempotent-Replayed';

/**
 * On every answer of a guarded request, in every dialect and with `onProblem`: `executed` or `replayed` on the
 * operation's own answer, the code on a problem, with `;final=?0` if the request is not finished. An answer without it
 * did not come through the guard.
 */
export const STATUS_HEADER = 'Idempotency-Status';

/** `false` on the operation's answer if it could not be stored: a retry may run again, or get `outcome-unknown`. */
export const STORED_HEADER = 'Idempotency-Stored';

/** The response headers that a script in a browser needs, for `Access-Control-Expose-Headers`. */
export const EXPOSED_HEADERS: readonly string[] = [REPLAYED_HEADER, STATUS_HEADER, STORED_HEADER, 'Retry-After'];

/** The syntax of a header name (RFC 9110 §5.1). */
export const headerNamePattern = /^[!#$%&'*+.^_`|~\w-]+$/;
