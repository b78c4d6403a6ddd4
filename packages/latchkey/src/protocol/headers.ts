/**
 * The names of the headers that the layer and its client read and write.
 *
 * @module
 */

/**
 * The request header that carries the client's key (draft-ietf-httpapi-idempotency-key-header). A cross-origin page
 * may send it if `Access-Control-Allow-Headers` names it.
 */
export const KEY_HEADER = 'Idempotency-Key';

/** The request header that says when the key was first sent (OASIS Repeatable Requests 1.0). */
export const FIRST_SENT_HEADER = 'Repeatability-First-Sent';

/** `true` on an answer that came from the record, as Stripe marks it. */
export const REPLAYED_HEADER = 'Idempotent-Replayed';

/**
 * On every answer of a guarded request, in every dialect and house style: `executed` or `replayed` on the operation's own
 * answer, the code on a problem, with `;final=?0` if the problem is not the end of its request. An answer without it was
 * not made by the layer.
 */
export const STATUS_HEADER = 'Idempotency-Status';

/** `false` on a true answer that could not be stored: a retry may run again, or find the outcome unknown. */
export const STORED_HEADER = 'Idempotency-Stored';

/** The response headers that a browser's script needs; for `Access-Control-Expose-Headers`. */
export const EXPOSED_HEADERS: readonly string[] = [REPLAYED_HEADER, STATUS_HEADER, STORED_HEADER, 'Retry-After'];

/** What the name of a header may be (RFC 9110 §5.1). */
export const headerNamePattern = /^[!#$%&'*+.^_`|~\w-]+$/;
