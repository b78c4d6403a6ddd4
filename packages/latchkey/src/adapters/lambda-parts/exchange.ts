/**
 * One invocation in the guard.
 *
 * @module
 */

import type { Runtime } from '../../core/runtime.ts';
import type { TransactionKind } from '../../core/store.ts';
import {
  type CapturedResponse,
  Exchange,
  type GuardAnswer,
  type PlainResponse,
  type RequestBody,
} from '../../http/exchange.ts';
import { type Problem, problem } from '../../http/problems/problems.ts';
import { marked } from '../../http/response/marks.ts';
import type { ContextHolder } from '../guard-contexts.ts';
import { bodyOf, type HeaderForm, headerFormOf, headersOf, type LambdaEvent, methodOf, targetOf } from './event.ts';
import type { Invocations } from './invocations.ts';
import { type LambdaResult, type ReadResult, readResult, writeResult } from './result.ts';

/** The parts that the guard provides. */
export interface LambdaExchangeParts<Event, Kind extends TransactionKind> {
  readonly event: Event;
  /** When the handler must have ended, on the monotonic clock; undefined if the platform does not say. */
  readonly endsAt: number | undefined;
  readonly clock: Runtime['clock'];
  readonly invocations: Invocations;
  /** Runs the handler. Absent for `peek`. */
  readonly run?: (exchange: ContextHolder<Kind, LambdaResult>) => Promise<unknown>;
}

/** The adapter's part of the exchange. */
export class LambdaExchange<Event extends LambdaEvent, Kind extends TransactionKind> extends Exchange<
  Event,
  Kind,
  LambdaResult
> {
  readonly native: Event;
  readonly method: string;
  readonly target: string;
  readonly endsAt: number | undefined;
  readonly #parts: LambdaExchangeParts<Event, Kind>;
  readonly #form: HeaderForm;
  #lines: ReadonlyMap<string, readonly string[]> | undefined;
  #made: ReadResult | undefined;
  #finished: PlainResponse | undefined;

  constructor(parts: LambdaExchangeParts<Event, Kind>) {
    super();
    const { event, endsAt } = parts;
    this.native = event;
    this.method = methodOf(event);
    this.target = targetOf(event);
    this.endsAt = endsAt;
    this.#parts = parts;
    this.#form = headerFormOf(event);
  }

  headers(lowerName: string): readonly string[] {
    this.#lines ??= headersOf(this.native);
    return this.#lines.get(lowerName) ?? [];
  }

  /** An event holds the whole body. If too little time is left for the handler, the record isn't claimed. */
  body(): RequestBody {
    return this.mayBegin() ? { kind: 'bytes', bytes: bodyOf(this.native) } : { kind: 'broken' };
  }

  override mayBegin(): boolean {
    return this.endsAt === undefined || this.#parts.clock.monotonic() < this.endsAt;
  }

  waitUntil(work: Promise<unknown>): void {
    this.#parts.invocations.waitUntil(work);
  }

  /** A request that isn't begun has no incomplete body here, but too little time left. */
  override shape(found: Problem): PlainResponse {
    return super.shape(found.code === 'request-incomplete' ? problem('nothing-happened', tooLate) : found);
  }

  async execute(): Promise<CapturedResponse> {
    let made: unknown;
    try {
      made = await this.#parts.run?.(this);
    } catch (error) {
      // The answer of `finish` is stored, and a later error doesn't change it.
      if (this.#finished === undefined) throw error;
    }
    if (this.#finished === undefined) this.#made = readResult(made, this.#form);
    const response = this.#finished ?? (this.#made as ReadResult).response;
    return { ...response, state: 'whole', headSent: false };
  }

  finished(response: PlainResponse): LambdaResult {
    this.#finished = response;
    return writeResult(response, this.#form);
  }

  /** Returns the result of the invocation. The head of a handler's answer is never sent early, so nothing is cut. */
  resultOf(answer: Exclude<GuardAnswer, { kind: 'pass' }>): LambdaResult {
    if (answer.kind === 'answer') return writeResult(answer.response, this.#form);
    const { response, others } = this.#made as ReadResult;
    const sent = answer.kind === 'send' ? marked(response, answer.marks) : response;
    return { ...others, ...writeResult(sent, this.#form) };
  }
}

const tooLate = {
  detail: 'The function has too little time left to begin. Nothing was done. Send the request again with the same key.',
  retryAfterSeconds: 1,
};
