/**
 * The names of the header fields that the layer reads and writes.
 *
 * @module
 */

/**
 * The request field that carries the client's key (draft-ietf-httpapi-idempotency-key-header). A cross-origin page
 * may send it if `Access-Control-Allow-Headers` names it.
 */
export const KEY_FIELD = 'Idempotency-Key';

/** The request field that says when the key was first sent (OASIS Repeatable Requests 1.0). */
export const FIRST_SENT_FIELD = 'Repeatability-First-Sent';

/** `true` on an answer that came from the record, as Stripe marks it. */
export const REPLAYED_FIELD = 'Idempotent-Replayed';

/**
 * On every error answer of the layer: its code, in every dialect and house style. The parameter `final=?0` says
 * that this answer is not the operation's own, so that a layer in front of this one does not keep it.
 */
export const STATUS_FIELD = 'Idempotency-Status';

/** `false` on a true answer that could not be stored: a retry may run again, or find the outcome unknown. */
export const STORED_FIELD = 'Idempotency-Stored';

/** The response fields that a browser's script needs; for `Access-Control-Expose-Headers`. */
export const EXPOSED_FIELDS: readonly string[] = [REPLAYED_FIELD, STATUS_FIELD, STORED_FIELD, 'Retry-After'];

/** What the name of a field may be (RFC 9110 §5.1). */
export const fieldNamePattern = /^[!#$%&'*+.^_`|~\w-]+$/;
