/**
 * One run of the handler: its response, and the result of the run.
 *
 * @module
 */

import type { Context } from '../../core/context.ts';
import type { Emit } from '../../core/emitter.ts';
import { NothingHappenedError, nothingHappenedMark } from '../../core/errors.ts';
import type { RunResult } from '../../core/operation.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { TransactionKind } from '../../core/store.ts';
import { acceptsCodings, codingsOf } from '../content-coding.ts';
import type { CapturedResponse, PlainResponse } from '../exchange.ts';
import type { Handling } from '../layer.ts';
import type { Dialect } from '../problems/dialect.ts';
import type { Problem } from '../problems/problem.ts';
import { problem, retryAfterSeconds } from '../problems/problems.ts';
import { classify } from './classify.ts';
import { GuardContext, typedContext } from './guard-context.ts';
import { headerValue } from './kept-headers.ts';
import { encodeResponse, finalWrite } from './snapshot.ts';

/** What a route says about the responses of its handler. */
interface RunRules {
  readonly maxResponseBytes: number;
  readonly settings: { readonly leaseMs: number };
  readonly options: { readonly keep?: (status: number) => boolean };
}

/** What a run needs beside its context. */
export interface RunParts<Kind extends TransactionKind, Finished> {
  readonly handling: Handling<Kind, Finished>;
  readonly route: RunRules;
  readonly dialect: Dialect;
  readonly acceptEncoding: readonly string[];
  readonly emit: Emit;
  /** The guard's own, if it was given one. */
  readonly runtime?: Runtime | undefined;
  /** Shapes a problem for this request. */
  shape(problem: Problem): PlainResponse;
}

/** What the run left for the answer. */
export class Run {
  /** The handler's response; undefined until it has one. */
  captured: CapturedResponse | undefined;
  /** The layer's response for a throw that no framework turned into one. */
  forThrow: PlainResponse | undefined;
  /** What a throw said: one that no framework turned into a response, or a `NothingHappenedError` that one did. */
  thrown: 'nothing-happened' | 'failed' | undefined;
  /** What the response says about the operation. */
  outcome: RunResult['outcome'] | undefined;
  /** What the handler was given. */
  context: Pick<GuardContext<unknown>, 'answer' | 'overruled' | 'release'> | undefined;

  /** A response that the adapter has to write, since the handler made none: by `finish`, or for a throw. */
  get own(): PlainResponse | undefined {
    return this.context?.answer ?? this.forThrow;
  }

  /** True if `finish` has committed the answer. */
  get finished(): boolean {
    return this.context?.answer !== undefined;
  }

  /** What the handler said about its answer. */
  get overruled(): 'keep' | 'release' | undefined {
    return this.context?.overruled;
  }
}

/** The answer for a handler that threw where no framework turned that into a response. */
function thrownResponse(error: unknown, parts: RunParts<never, unknown>): PlainResponse {
  if (!(error instanceof NothingHappenedError)) return parts.shape(problem('operation-failed'));
  return parts.shape(problem('nothing-happened', { retryAfterSeconds: retryAfterSeconds(error.retryAfterMs ?? 0) }));
}

function answerThrow(error: unknown, operation: string, run: Run, parts: RunParts<never, unknown>): CapturedResponse {
  parts.emit?.({ type: 'handler-error', operation, error });
  const response = thrownResponse(error, parts);
  run.thrown = error instanceof NothingHappenedError ? 'nothing-happened' : 'failed';
  run.forThrow = response;
  // A retry must not get a failure only because nobody listened.
  return { ...response, state: parts.handling.sawClientGo === true ? 'broken' : 'whole', headSent: false };
}

/** A coding sent to a client that hadn't asked for it is part of the content, not of this one exchange. */
function isFixedCoding({ headers }: CapturedResponse, parts: { readonly acceptEncoding: readonly string[] }): boolean {
  const encoding = headerValue(headers, 'content-encoding');
  return encoding !== undefined && !acceptsCodings(parts.acceptEncoding, codingsOf([encoding]));
}

function keepRule({ route, emit }: RunParts<never, unknown>, operation: string) {
  const { keep } = route.options;
  if (keep === undefined) return undefined;
  return (status: number): boolean => {
    try {
      return keep(status);
    } catch (error) {
      emit?.({ type: 'handler-error', operation, error });
      return true;
    }
  };
}

/** True for what a framework's error handler made of a `NothingHappenedError`. */
function saysNothingHappened({ status, headers }: CapturedResponse): boolean {
  const mark = status < 400 ? undefined : headerValue(headers, 'idempotency-status');
  return mark !== undefined && mark === nothingHappenedMark();
}

function runResultOf(
  captured: CapturedResponse,
  operation: string,
  run: Run,
  parts: RunParts<never, unknown>,
): RunResult {
  if (saysNothingHappened(captured)) run.thrown = 'nothing-happened';
  const { overruled, thrown } = run;
  const outcome = classify(captured, { overruled, thrown, keep: keepRule(parts, operation), dialect: parts.dialect });
  run.outcome = outcome;
  const encoded = encodeResponse(captured, isFixedCoding(captured, parts));
  const limitBytes = captured.state === 'whole' ? parts.route.maxResponseBytes : -1;
  const { result, tombstone } = finalWrite(encoded, limitBytes);
  const { stillRunning } = captured;
  return stillRunning === undefined ? { outcome, result, tombstone } : { outcome, result, tombstone, stillRunning };
}

/**
 * Runs the handler and judges its response. Never rejects: a throw past the framework is a failed response, one of the
 * layer's own.
 */
export async function runHandler<Kind extends TransactionKind, Finished>(
  engineContext: Context<Kind>,
  operation: string,
  run: Run,
  parts: RunParts<Kind, Finished>,
): Promise<RunResult> {
  const context = new GuardContext<Finished>(engineContext as Context<TransactionKind>, parts);
  run.context = context;
  try {
    run.captured = await parts.handling.execute(typedContext(context), parts.route, parts.runtime ?? systemRuntime);
  } catch (error) {
    run.captured = answerThrow(error, operation, run, parts);
  }
  return runResultOf(run.captured, operation, run, parts);
}
