/**
 * `latchkey/otel`: metrics and spans of OpenTelemetry, from the events of guards and functions and from the calls of
 * their store.
 *
 * @example
 * ```ts
 * import { telemetry } from 'latchkey/otel'
 * const { store, onEvent } = telemetry({
 *   store: await storeFromUrl('postgres://db.internal/shop'),
 *   operations: ['POST /v1/charges', 'POST /v1/orders/:id/pay'],
 * })
 * const guard = idempotency({ store, onEvent, principal: (request) => request.auth.accountId })
 * ```
 * @module
 */

export type { AnyStoreFace, TelemetryOptions } from './options.ts';
export { type Outcome, outcomes } from './outcomes.ts';
export { type Telemetry, telemetry } from './telemetry.ts';
