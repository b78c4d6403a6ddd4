/**
 * One run of the handler: its response, and the verdict on it.
 *
 * @module
 */

import type { Context } from '../core/context.ts';
import type { Emit } from '../core/emitter.ts';
import { NothingHappened } from '../core/errors.ts';
import type { Verdict } from '../core/operation.ts';
import type { Runtime } from '../core/runtime.ts';
import type { TransactionKind } from '../core/store.ts';
import { classify } from './classify.ts';
import { acceptsCodings, codingsOf } from './content-coding.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { CapturedResponse, PlainResponse } from './exchange.ts';
import { GuardContext, typedContext } from './guard-context.ts';
import { fieldValue } from './kept-fields.ts';
import type { Handling } from './layer.ts';
import type { Problem } from './problem.ts';
import { problem, retryAfterSeconds } from './problems.ts';
import { encodeResponse, finalWrite } from './snapshot.ts';

/** What a route says about the responses of its handler. */
interface RunRules {
  readonly maxResponseBytes: number;
  readonly options: { readonly keep?: (status: number) => boolean };
}

/** What a run needs beside its context. */
export interface RunParts<Kind extends TransactionKind, Finished> {
  readonly handling: Handling<Kind, Finished>;
  readonly route: RunRules;
  readonly dialect: Dialect;
  readonly operation: string;
  readonly acceptEncoding: readonly string[];
  readonly emit: Emit;
  /** The guard's own, if it was given one. */
  readonly runtime?: Runtime | undefined;
  /** Shapes a problem for this request. */
  readonly shape: (problem: Problem) => PlainResponse;
}

/** What the run left for the answer. */
export interface Run {
  /** The handler's response; undefined until it has one. */
  captured?: CapturedResponse;
  /** A response that the adapter has to write, since the handler made none: by `finish`, or for a throw. */
  own?: PlainResponse;
  /** True if `finish` has committed the answer. */
  finished?: boolean;
  /** What the handler said about its answer. */
  overruled?: 'keep' | 'release';
  /** What a throw of the handler says, where no framework turned it into a response. */
  thrown?: 'nothing-happened' | 'failed';
}

/** The answer for a handler that threw where no framework turned that into a response. */
function thrownResponse(error: unknown, shape: (problem: Problem) => PlainResponse): PlainResponse {
  if (!(error instanceof NothingHappened)) return shape(problem('operation-failed'));
  return shape(problem('nothing-happened', { retryAfterSeconds: retryAfterSeconds(error.retryAfterMs ?? 0) }));
}

/** The framework's response, or, if the handler threw past it, one of the layer's own. */
async function capture<Kind extends TransactionKind, Finished>(
  context: GuardContext<Finished>,
  run: Run,
  parts: RunParts<Kind, Finished>,
): Promise<CapturedResponse> {
  const { handling, route, operation, emit, shape } = parts;
  try {
    return await handling.execute(typedContext(context), { maxResponseBytes: route.maxResponseBytes });
  } catch (error) {
    emit?.({ type: 'handler-error', operation, error });
    run.thrown = error instanceof NothingHappened ? 'nothing-happened' : 'failed';
    run.own = thrownResponse(error, shape);
    return { ...run.own, state: 'whole', headSent: false };
  }
}

/** A coding sent to a client that hadn't asked for it is part of the content, not of this one exchange. */
function isFixedCoding({ fields }: CapturedResponse, acceptEncoding: readonly string[]): boolean {
  const encoding = fieldValue(fields, 'content-encoding');
  return encoding !== undefined && !acceptsCodings(acceptEncoding, codingsOf([encoding]));
}

function keepRule({ route, emit, operation }: Pick<RunParts<never, unknown>, 'route' | 'emit' | 'operation'>) {
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

function verdictOn(
  captured: CapturedResponse,
  outcome: Verdict['outcome'],
  { acceptEncoding, route }: { readonly acceptEncoding: readonly string[]; readonly route: RunRules },
): Verdict {
  const encoded = encodeResponse(captured, isFixedCoding(captured, acceptEncoding));
  const limitBytes = captured.state === 'whole' ? route.maxResponseBytes : -1;
  return { outcome, ...finalWrite(encoded, limitBytes) };
}

/** Runs the handler and judges its response. Never rejects: a throw is a failed response. */
export async function runHandler<Kind extends TransactionKind, Finished>(
  engineContext: Context<Kind>,
  run: Run,
  parts: RunParts<Kind, Finished>,
): Promise<Verdict> {
  const context = new GuardContext<Finished>(engineContext as Context<TransactionKind>, {
    limitBytes: parts.route.maxResponseBytes,
    runtime: parts.runtime,
    finished: (response) => parts.handling.finished(response),
  });
  const captured = await capture(context, run, parts);
  run.captured = captured;
  if (context.answer !== undefined) {
    run.own = context.answer;
    run.finished = true;
  }
  if (context.overruled !== undefined) run.overruled = context.overruled;
  const rules = { overruled: context.overruled, thrown: run.thrown, keep: keepRule(parts), dialect: parts.dialect };
  return verdictOn(captured, classify(captured, rules), parts);
}
