/**
 * The main entry point. Stores and adapters have their own subpaths, such as `latchkey/sqlite` and `latchkey/express`;
 * `latchkey/store` has the types for writing a store, and `latchkey/engine` the engine without HTTP.
 *
 * @module
 */

export type {
  AnyContext,
  Context,
  Enqueue,
  Enqueuing,
  Jsonify,
  RunFinish,
  RunTransaction,
  StepTools,
} from './core/context.ts';
export {
  type ErrorCode,
  LatchkeyError,
  LeaseLostError,
  NothingHappenedError,
  StoreUnavailableError,
} from './core/errors.ts';
export type { EventListener, Happening, LatchkeyEvent } from './core/events.ts';
export type { Log, LogEntry } from './core/log.ts';
export type { LapsedOperation, Recorded } from './core/operation.ts';
export { type Clock, type Random, type Runtime, systemRuntime, type Timers } from './core/runtime.ts';
export type { OperationOptions, OperationSettings, StepOptions, TimingOptions } from './core/settings.ts';
export type { Store, StoreFinding, TransactionKind } from './core/store.ts';
export type { Codec } from './core/support/codec.ts';
export type { Secret } from './core/support/digest.ts';
export { type IdempotentBody, type IdempotentFunction, idempotent } from './function/idempotent.ts';
export type { IdempotentOptions } from './function/options.ts';
export type { Contract, ContractProblem } from './http/contract/contract.ts';
export type { Header, PlainResponse } from './http/exchange.ts';
export type { Health } from './http/health.ts';
export type { FinalAnswer, HttpContext, Peek } from './http/layer.ts';
export type {
  Answer,
  FingerprintOptions,
  GuardFingerprintOptions,
  GuardOptions,
  HttpRecovery,
  KeyOptions,
  Principal,
  RebuiltBody,
  ReplayRecord,
  RequestOptions,
  ResponseOptions,
  Restored,
  RouteOptions,
  SaveRequestOptions,
} from './http/options.ts';
export type { Dialect } from './http/problems/dialect.ts';
export type { Problem } from './http/problems/problems.ts';
export { EXPOSED_HEADERS } from './protocol/headers.ts';
export type { ProblemCode } from './protocol/problem-codes.ts';
