/**
 * The engine without HTTP, for your own layers: operations whose results are bytes.
 *
 * @module
 */

export type { Completable, CompletableRun } from './core/completable.ts';
export type { Answering, FinalWrite } from './core/context.ts';
export type { Attempt } from './core/engine/attempt.ts';
export type { ClaimResult } from './core/engine/claim.ts';
export { Engine, type EngineOptions } from './core/engine/engine.ts';
export type {
  Caller,
  Executed,
  Handler,
  Operation,
  Outcome,
  Recorded,
  Recover,
  Recovery,
  RunResult,
} from './core/operation.ts';
export { resolveSettings } from './core/settings.ts';
export { principalDigest, recordId, recordReference } from './core/support/digest.ts';
