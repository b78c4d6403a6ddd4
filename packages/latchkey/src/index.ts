/**
 * The main entry point. Stores and adapters have their own subpaths, such as `latchkey/sqlite` and `latchkey/express`;
 * `latchkey/store` has the types for writing a store, and `latchkey/engine` the engine without HTTP.
 *
 * @module
 */

export type { Context, Jsonify, StepTools } from './core/context.ts';
export {
  type ErrorCode,
  LatchkeyError,
  LeaseLostError,
  NothingHappenedError,
  StoreUnavailableError,
} from './core/errors.ts';
export type { EventListener, LatchkeyEvent } from './core/events.ts';
export type { Log, LogEntry } from './core/log.ts';
export { type Runtime, systemRuntime } from './core/runtime.ts';
export type { OperationSettings } from './core/settings.ts';
export type { Store, StoreFinding, TransactionKind } from './core/store.ts';
export type { Codec } from './core/support/codec.ts';
export { idempotent } from './function/idempotent.ts';
export type { IdempotentOptions } from './function/options.ts';
export type { Contract, ContractProblem } from './http/contract.ts';
export type { PlainResponse } from './http/exchange.ts';
export type { Health } from './http/health.ts';
export type { HttpContext, Peek } from './http/layer.ts';
export type { Answer, GuardOptions, RouteOptions } from './http/options.ts';
export type { Dialect } from './http/problems/dialect.ts';
export type { Problem } from './http/problems/problems.ts';
export { EXPOSED_HEADERS } from './protocol/headers.ts';
