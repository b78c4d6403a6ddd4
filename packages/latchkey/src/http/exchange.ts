/**
 * One request and its response on their way through the guard, and the plain forms that an adapter translates a
 * framework's objects into and back. An adapter decides nothing.
 *
 * @module
 */

import type { AnyContext } from '../core/context.ts';
import type { Attempt } from '../core/engine/attempt.ts';
import type { Operation, RunResult } from '../core/operation.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { TransactionKind } from '../core/store.ts';
import { recordReference } from '../core/support/digest.ts';
import type { HttpContext } from './layer.ts';
import { problemResponse } from './problems/problem-response.ts';
import type { Problem } from './problems/problems.ts';
import type { Guard, Route } from './request/route.ts';
import { GuardContext, typedContext } from './response/guard-context.ts';

/** A header header as it goes over the wire. Repeated headers are repeated pairs. */
export type Header = readonly [name: string, value: string];

/** The body of a request, as far as an adapter can get at it. */
export type RequestBody =
  /** The bytes as received, a content coding not undone; empty if there is no body. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /**
   * A framework parsed it before, and kept no bytes; or bytes whose content coding it has undone. `hasFiles` is false if
   * the value is known to hold all of a form.
   */
  | { readonly kind: 'value'; readonly value: unknown; readonly hasFiles?: boolean }
  /** It is longer than the limit; reading stopped there. */
  | { readonly kind: 'too-large' }
  /** Somebody read it before and left nothing to look at: the guard is mounted in the wrong place. */
  | { readonly kind: 'consumed' }
  /** The client hung up in the middle of it. */
  | { readonly kind: 'broken' };

/** A whole response, ready to be written. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/**
 * What a handler answered, its end still held back by the adapter:
 * - `whole`: the body is all there.
 * - `too-large`: it went past the limit and its bytes were let go; it is still being sent, or was. Or there are none,
 *   since somebody in front of the guard has answered in place of the handler.
 * - `broken`: the stream ended with an error or was cut, so that the client has no whole body.
 */
export interface CapturedResponse {
  readonly status: number;
  /** The headers that were set after the layer was entered. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly state: 'whole' | 'too-large' | 'broken';
  /** True if status and headers have gone out already, so that only the end can be held back. */
  readonly headSent: boolean;
  /** The handler's promise while it is not settled, where the adapter sees it apart from the response. */
  readonly stillRunning?: () => Promise<unknown> | undefined;
}

/** Headers of the layer's own on the handler's response. */
export interface Marks {
  /** To be set, in place of what the handler set. */
  readonly headers: readonly Header[];
  /** Names of headers that are not to go out. */
  readonly without: readonly string[];
}

/** What the adapter does next. */
export type GuardAnswer =
  /** The layer doesn't apply, or runs the request unprotected: the adapter calls the handler as if it weren't there. */
  | { readonly kind: 'pass' }
  /** Write this; whatever the handler made, if it ran at all, is not sent. */
  | { readonly kind: 'answer'; readonly response: PlainResponse }
  /** Let the captured response go, with these marks if its head has not been sent. */
  | { readonly kind: 'send'; readonly marks: Marks }
  /** The head is out and the true answer can't be given: cut the connection, so that the client knows it has none. */
  | { readonly kind: 'cut' };

/** What an exchange needs of its guard. */
type ExchangeGuard<Native> = Pick<Guard<Native, TransactionKind>, 'dialect' | 'onProblem' | 'emit' | 'runtime'>;

/**
 * One request on its way through the guard. The adapter fills the slots; the guard keeps here what it learns.
 *
 * @typeParam Finished - what `finish` resolves with in this framework.
 */
export abstract class Exchange<Native, Kind extends TransactionKind = TransactionKind, Finished = unknown> {
  /** The framework's own request, for the functions that a route gives. */
  abstract readonly native: Native;
  /** In upper case. */
  abstract readonly method: string;
  /** The whole path and query as received, never a router's relative one. */
  abstract readonly target: string;

  /** Set when the exchange enters its guard. */
  route!: Route<Native>;
  guard!: ExchangeGuard<Native>;
  /** Set when the claim is won. */
  attempt: Attempt | undefined;
  /** What the handler's context stands on: the attempt's, made on first use, or one that was given instead. */
  engineContext: AnyContext | undefined;

  /** The client's key and what it names, once they are read. */
  key = '';
  principal = '';
  operation: Operation | undefined;

  /** What the handler said about its answer. */
  overruled: 'keep' | 'release' | undefined;
  /** The handler's response; undefined until it has one. */
  captured: CapturedResponse | undefined;
  /** The answer that `finish` committed. */
  committed: PlainResponse | undefined;
  /** The guard's response for a throw that no framework turned into one. */
  forThrow: PlainResponse | undefined;
  /** What a throw said: one that no framework turned into a response, or a `NothingHappenedError` that one did. */
  thrown: 'nothing-happened' | 'failed' | undefined;
  /** What the response says about the operation. */
  result: RunResult['outcome'] | undefined;
  #context: GuardContext<Finished> | undefined;

  /** All values of a header, one entry for each line; the name is given in lower case. */
  abstract headers(lowerName: string): readonly string[];
  /** Reads the body without taking it from the handler. Called at most once, after the key was accepted. */
  abstract body(limitBytes: number): RequestBody | Promise<RequestBody>;
  /** Runs the handler; resolves when its response is captured and its end held back. */
  abstract execute(): Promise<CapturedResponse>;
  /**
   * Called when `context.finish` has committed: `response` is the answer now, and anything that the handler makes
   * is discarded. If `execute` waits for a response to be written, it must resolve from here on.
   */
  abstract finished(response: PlainResponse): Finished;

  /**
   * Asked once the claim is won: whether the handler can still read its body as it was, and answer. False if the client
   * left, or somebody else answered, while the guard waited for its store. The handler isn't run then, and the key is
   * free for the client's retry.
   */
  mayBegin(): boolean {
    return true;
  }

  /** True if the handler has seen that its client hung up, which may be why it failed. */
  get sawClientGo(): boolean {
    return false;
  }

  /** The handler's context, made on first use. */
  get context(): HttpContext<Kind, Finished> {
    this.#context ??= new GuardContext<Finished>(this);
    return typedContext(this.#context);
  }

  /** A problem in the form that this exchange's client gets; with the record's reference, once there is one. */
  shape(found: Problem): PlainResponse {
    const { operation } = this;
    const problem = operation === undefined ? found : { ...found, reference: recordReference(operation.id) };
    return problemResponse(problem, this.native, this.guard);
  }

  get runtime(): Runtime {
    return this.guard.runtime ?? systemRuntime;
  }
}

/** An exchange of whatever framework. */
export type AnyExchange = Omit<Exchange<never>, 'native'>;
