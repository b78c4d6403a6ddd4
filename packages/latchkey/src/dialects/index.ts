/**
 * Conventions of APIs for the option `dialect`, beside the default, which follows the IETF draft.
 *
 * @example
 * ```ts
 * import { stripe } from 'latchkey/dialects'
 *
 * const guard = idempotency({ store, principal, dialect: stripe })
 * ```
 * @module
 */

export type { Dialect, DialectRoute } from '../http/problems/dialect.ts';
export { ietf } from '../http/problems/ietf.ts';
export { acp } from './acp.ts';
export { stripe } from './stripe.ts';
export { ucp } from './ucp.ts';
