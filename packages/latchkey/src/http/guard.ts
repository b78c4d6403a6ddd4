/**
 * One request from its reading to its answer.
 *
 * @module
 */

import type { Emit } from '../core/emitter.ts';
import type { Engine } from '../core/engine/engine.ts';
import type { Operation, Outcome, Recover } from '../core/operation.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { AnyStore, TransactionKind } from '../core/store.ts';
import { recordReference } from '../core/support/digest.ts';
import type { GuardAnswer, PlainResponse, RequestView } from './exchange.ts';
import type { Handling } from './layer.ts';
import type { RouteOptions } from './options.ts';
import type { Dialect } from './problems/dialect.ts';
import type { Problem } from './problems/problem.ts';
import { type ProblemShape, problemResponse } from './problems/problem-response.ts';
import { quarantineProblem } from './request/quarantine.ts';
import type { RequestReading } from './request/read-request.ts';
import type { GuardParts, Route } from './request/route.ts';
import type { RequestMark } from './request-mark.ts';
import { readAnswer } from './response/answer.ts';
import { type AnswerParts, answerOutcome } from './response/answer-outcome.ts';
import { warnOfKept } from './response/kept-warnings.ts';
import { Run, type RunParts, runHandler } from './response/run-handler.ts';
import { encodeResponse, finalWrite } from './response/snapshot.ts';
import type { Warn } from './warnings.ts';

/** What all routes of one guard share. */
export interface Guard<Native, Kind extends TransactionKind> extends GuardParts<Native>, ProblemShape<Native> {
  readonly engine: Engine<Kind>;
  readonly store: AnyStore;
  readonly runtime: Runtime | undefined;
  readonly warn: Warn;
  /** Requests that are in the layer's hands, to find a guard that is mounted twice. */
  readonly seen: RequestMark<SeenRequest>;
}

/** A request that is under way. */
export interface SeenRequest {
  /** Releases its record: the guard itself has refused it further in. */
  release(): void;
}

/** Faults in how the application uses the guard: its author has to hear of them. */
const misuse: ReadonlySet<string> = new Set([
  'body-consumed',
  'guard-before-authentication',
  'guard-mounted-twice',
  'principal-invalid',
  'principal-unstable',
]);

function recoverHook<Native>({ options, maxResponseBytes }: Route<Native>, native: Native): Recover | undefined {
  const { recover } = options;
  if (recover === undefined) return undefined;
  return async (lapsed) => {
    const recovery = await recover(lapsed, native);
    if (recovery.decision !== 'respond') return recovery;
    const { response, ...decided } = recovery;
    const { result } = finalWrite(encodeResponse(await readAnswer(response)), maxResponseBytes);
    return { ...decided, result };
  };
}

/** A request with a key, or one that needs a key, in the hands of the layer. */
export class GuardedRequest<Native, Kind extends TransactionKind, Finished>
  implements RunParts<Kind, Finished>, AnswerParts<Native>, SeenRequest
{
  readonly handling: Handling<Kind, Finished>;
  readonly route: Route<Native>;
  readonly #view: RequestView<Native>;
  readonly #guard: Guard<Native, Kind>;
  readonly #run = new Run();
  /** Once the request is read. */
  #recordId: string | undefined;

  constructor(
    view: RequestView<Native>,
    handling: Handling<Kind, Finished>,
    route: Route<Native>,
    guard: Guard<Native, Kind>,
  ) {
    this.handling = handling;
    this.route = route;
    this.#view = view;
    this.#guard = guard;
  }

  get native(): Native {
    return this.#view.native;
  }

  get options(): RouteOptions<Native> {
    return this.route.options;
  }

  get dialect(): Dialect {
    return this.#guard.dialect;
  }

  get emit(): Emit {
    return this.#guard.emit;
  }

  get runtime(): Runtime | undefined {
    return this.#guard.runtime;
  }

  get acceptEncoding(): readonly string[] {
    return this.#view.headers('accept-encoding');
  }

  shape(found: Problem): PlainResponse {
    const problem = this.#recordId === undefined ? found : { ...found, reference: recordReference(this.#recordId) };
    return problemResponse(problem, this.native, this.#guard);
  }

  release(): void {
    this.#run.context?.release();
  }

  refuse(found: Problem): GuardAnswer {
    if (misuse.has(found.code)) this.#guard.warn(found.code, found.detail);
    return { kind: 'answer', response: this.shape(found) };
  }

  /** Goes on with what was read. */
  proceed(reading: RequestReading): GuardAnswer | Promise<GuardAnswer> {
    if ('problem' in reading) return this.refuse(reading.problem);
    const { operation } = reading;
    this.#recordId = operation.id;
    const looking = this.#underQuarantine(reading);
    if (looking === undefined) return this.#execute(operation);
    return looking.then((found) => (found === undefined ? this.#execute(operation) : this.refuse(found)));
  }

  #underQuarantine(reading: {
    readonly key: string;
    readonly operation: Operation;
  }): Promise<Problem | undefined> | undefined {
    const { quarantine } = this.options;
    if (!quarantine) return undefined;
    const { store, emit, runtime = systemRuntime } = this.#guard;
    const request = { ...reading, headers: (name: string) => this.#view.headers(name) };
    return quarantineProblem(quarantine, request, { store, emit, runtime });
  }

  #execute(operation: Operation): Promise<GuardAnswer> {
    const recover = recoverHook(this.route, this.native);
    const mayBegin = this.handling.mayBegin?.bind(this.handling);
    const { name } = operation;
    return this.#guard.engine
      .run({ ...operation, ...(recover && { recover }), ...(mayBegin && { mayBegin }) }, (context) =>
        runHandler(context, name, this.#run, this),
      )
      .then((outcome) => this.#answer(outcome));
  }

  #answer(outcome: Outcome): GuardAnswer | Promise<GuardAnswer> {
    warnOfKept(outcome, this.#run, { guard: this.#guard.warn, route: this.route.warn });
    return answerOutcome(outcome, this.#run, this);
  }
}
