/**
 * A `fetch` that retries safely: one key per operation, with the same key and bytes for every attempt, until there is
 * an answer. For browsers and Node; no bundler needed.
 *
 * @example
 * ```ts
 * import { idempotentFetch } from 'latchkey/client'
 *
 * const pay = idempotentFetch({ storage: sessionStorage })
 * const { response, replayed } = await pay('/v1/charges', { method: 'POST', body, operation: 'checkout:cart-81' })
 * ```
 * @module
 */

export type { ErrorCode } from '../core/errors.ts';
export { LatchkeyError } from '../core/errors.ts';
export type { Runtime } from '../core/runtime.ts';
export type { ClientEvent, ClientEventListener } from './client-events.ts';
export type { IdempotentFetch, OperationAnswer, OperationInit } from './idempotent-fetch.ts';
export { idempotentFetch } from './idempotent-fetch.ts';
export type { KeyStorage } from './key-storage.ts';
export { type NoAnswerDetails, NoAnswerError } from './no-answer-error.ts';
export type { ClientOptions } from './options.ts';
export { type StepFetchOptions, type StepKey, stepFetch } from './step-fetch.ts';
