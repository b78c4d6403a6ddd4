/**
 * One request and its response in the guard, and the plain forms to which an adapter converts a framework's objects and
 * back. Adapters make no decisions.
 *
 * @module
 */

import type { AnyContext, FinalWrite } from '../core/context.ts';
import type { Attempt } from '../core/engine/attempt.ts';
import type { Operation, RunResult } from '../core/operation.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { TransactionKind } from '../core/store.ts';
import { recordReference } from '../core/support/digest.ts';
import type { HttpContext } from './layer.ts';
import { problemResponse } from './problems/problem-response.ts';
import type { Problem } from './problems/problems.ts';
import type { BodyForm } from './request/body-form.ts';
import type { Guard, Route } from './request/route.ts';
import { GuardContext, typedContext } from './response/guard-context.ts';
import { encodeResponse } from './response/snapshot.ts';

/** Encodes an answer for its record: the answer, or its tombstone if the body is longer than the limit. */
export type Encoder = (
  response: PlainResponse,
  limitBytes: number,
  fixedCoding?: boolean,
) => FinalWrite | Promise<FinalWrite>;

/** A header as it is sent. Repeated headers are repeated pairs. */
export type Header = readonly [name: string, value: string];

/** The body of a request, as far as an adapter can read it. */
export type RequestBody =
  /** The bytes as received, not decoded; empty if there is no body. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /**
   * The framework has already parsed the body and kept no bytes, or kept decoded bytes. `hasFiles` is false if the
   * value is known to be a complete form.
   */
  | { readonly kind: 'value'; readonly value: unknown; readonly hasFiles?: boolean }
  /** The body is longer than the limit; reading stopped there. */
  | { readonly kind: 'too-large' }
  /** The body was read before the guard, and nothing is left: the guard is mounted in the wrong place. */
  | { readonly kind: 'consumed' }
  /** The client disconnected before the end of the body. */
  | { readonly kind: 'broken' };

/** A whole response, ready to be written. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/**
 * The response of a handler. The adapter still holds its end:
 * - `whole`: the body is complete.
 * - `too-large`: the body exceeded the limit and its bytes were dropped; it is being sent or has been sent. Or it has
 *   no bytes, since something before the guard answered in place of the handler.
 * - `broken`: the stream ended with an error or was cut off, so the client has no complete body.
 */
export interface CapturedResponse {
  readonly status: number;
  /** The headers that were set after the request entered the layer. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly state: 'whole' | 'too-large' | 'broken';
  /** True if status and headers have been sent, so only the end can be held. */
  readonly headSent: boolean;
  /** The handler's promise while it is pending, if the adapter has it apart from the response. */
  readonly stillRunning?: () => Promise<unknown> | undefined;
}

/** The layer's own headers on the handler's response. */
export interface Marks {
  /** Headers to set; they replace those of the handler. */
  readonly headers: readonly Header[];
  /** Names of headers to remove. */
  readonly without: readonly string[];
}

/** What the adapter must do next. */
export type GuardAnswer =
  /**
   * The layer doesn't apply, or runs the request unprotected: the adapter calls the handler as if there were no guard.
   */
  | { readonly kind: 'pass' }
  /** Send this response. The handler's response, if any, is not sent. */
  | { readonly kind: 'answer'; readonly response: PlainResponse }
  /** Send the captured response, with these marks if its head has not been sent. */
  | { readonly kind: 'send'; readonly marks: Marks }
  /**
   * The head has been sent and the stored answer differs or is unknown: close the connection, so the client knows that
   * it has no answer.
   */
  | { readonly kind: 'cut' };

/** The body of a request that was peeked at, kept for the guard. */
export interface PeekedBody {
  /** The route whose rules the form follows. */
  readonly route: object;
  readonly received: Extract<RequestBody, { kind: 'bytes' }>;
  readonly form: BodyForm;
}

/** A request before it enters the guard: a new object, to which `peek` adds what it finds. */
export type PeekRequest<Native> = Pick<Exchange<Native>, 'native' | 'method' | 'target' | 'headers' | 'body'>;

const none: readonly Header[] = [];

/** The parts of the guard that an exchange needs. */
type ExchangeGuard<Native> = Pick<Guard<Native, TransactionKind>, 'dialect' | 'onProblem' | 'emit' | 'runtime'>;

/**
 * One request in the guard. The adapter implements the abstract members; the guard stores its findings in the others.
 *
 * @typeParam Finished - the type that `finish` resolves to in this framework.
 */
export abstract class Exchange<Native, Kind extends TransactionKind = TransactionKind, Finished = unknown> {
  /** The framework's request, for the functions in a route's options. */
  abstract readonly native: Native;
  /** In upper case. */
  abstract readonly method: string;
  /** The whole path and query as received, never a router's relative one. */
  abstract readonly target: string;

  /** Set when the exchange enters its guard. */
  route!: Route<Native>;
  guard!: ExchangeGuard<Native>;
  /** Replaced on a route with `response.reference`. */
  encode: Encoder = encodeResponse;
  /** Set if this request was peeked at before, on the same route. */
  peeked: PeekedBody | undefined;
  /** Set when the claim is won. */
  attempt: Attempt | undefined;
  /**
   * The engine's context under the handler's context: the attempt's, created on first use, or one that was set instead.
   */
  engineContext: AnyContext | undefined;

  /** The header with the client's key, in a dialect that sends it back. */
  echoed: readonly Header[] = none;

  /** The client's key, the principal and the operation, once they are known. */
  key = '';
  principal = '';
  operation: Operation | undefined;

  /** The handler's call of `keep` or `release`, if any. */
  overruled: 'keep' | 'release' | undefined;
  /** The handler's response; undefined until it has one. */
  captured: CapturedResponse | undefined;
  /** The answer that `finish` committed. */
  committed: PlainResponse | undefined;
  /** The guard's response for an error that no framework turned into a response. */
  forThrow: PlainResponse | undefined;
  /**
   * What a thrown error means: one that no framework turned into a response, or a `NothingHappenedError` that a
   * framework did turn into one.
   */
  thrown: 'nothing-happened' | 'failed' | undefined;
  /** What the response says about the operation. */
  result: RunResult['outcome'] | undefined;
  #context: GuardContext<Finished> | undefined;

  /** All values of a header, one entry for each line; the name is given in lower case. */
  abstract headers(lowerName: string): readonly string[];
  /** Reads the body so that the handler can still read it. Called at most once, after the key was accepted. */
  abstract body(limitBytes: number): RequestBody | Promise<RequestBody>;
  /** Runs the handler; resolves when its response is captured and its end is held. */
  abstract execute(): Promise<CapturedResponse>;
  /**
   * Called when `context.finish` has committed: `response` is now the answer, and any other response of the handler is
   * discarded. If `execute` is waiting for a response, it must resolve from now on.
   */
  abstract finished(response: PlainResponse): Finished;

  /**
   * Returns whether the handler can still read the unchanged body and answer. Called before the handler runs, with or
   * without a claim, and while the request waits for a running operation. False if the client disconnected, or other
   * code answered, while the guard waited for its store. The handler doesn't run then, and the client can retry with
   * the key.
   */
  mayBegin(): boolean {
    return true;
  }

  /** True if the handler could see that its client disconnected, which may be why it failed. */
  get sawClientGo(): boolean {
    return false;
  }

  /** The handler's context, created on first use. */
  get context(): HttpContext<Kind, Finished> {
    this.#context ??= new GuardContext<Finished>(this);
    return typedContext(this.#context);
  }

  /** Returns the response for a problem, with the record's reference if there is a record. */
  shape(found: Problem): PlainResponse {
    const { operation } = this;
    const problem = operation === undefined ? found : { ...found, reference: recordReference(operation.id) };
    return problemResponse(problem, this.native, this.guard);
  }

  get runtime(): Runtime {
    return this.guard.runtime ?? systemRuntime;
  }
}

/** An exchange of any framework. */
export type AnyExchange = Omit<Exchange<never>, 'native'>;
