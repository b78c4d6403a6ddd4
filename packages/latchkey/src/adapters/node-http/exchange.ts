/**
 * One request and response of `node:http` on their way through the layer.
 *
 * @module
 */

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { LatchkeyError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import {
  type CapturedResponse,
  Exchange,
  type GuardAnswer,
  type PlainResponse,
  type RequestBody,
} from '../../http/exchange.ts';
import { runInside } from '../outer-answer.ts';
import { signsOfClose } from './client-gone.ts';
import { writeEarlyAnswer } from './early-answer.ts';
import { headerLines, type ParsedRequest } from './request.ts';
import { isOpen, isReceived, isUnread, keepReadable, readNodeBody } from './request-body.ts';
import { NodeResponseCapture } from './response-capture.ts';
import { isCaptured } from './response-overrides.ts';
import { writeAnswer } from './write-answer.ts';

/** A request and its response as they came to the guard. */
interface BeforeGuard {
  /** Whether somebody had read the body, or begun to. */
  readonly wasRead: boolean;
  readonly isOpen: boolean;
  /** Whether somebody had begun to answer. */
  readonly isBegun: boolean;
}

const signsOfNode = [...signsOfClose, 'writableEnded'];

/** Where the parts of an exchange are found. */
export interface NodeParts<Native> {
  /** What the functions of a route are given. */
  readonly native: Native;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Where parsers leave their results. */
  readonly parsed: ParsedRequest;
  /** The whole path and query: frameworks rewrite `request.url`. */
  readonly target: string;
}

/** The adapter's half of a request's way through the guard; the request may have been parsed before. */
export abstract class NodeExchange<Native, Kind extends TransactionKind, Finished> extends Exchange<
  Native,
  Kind,
  Finished
> {
  readonly native: Native;
  readonly method: string;
  readonly target: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #parsed: ParsedRequest;
  readonly #before: BeforeGuard;
  #capture: NodeResponseCapture | undefined;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor({ native, request, response, parsed, target }: NodeParts<Native>) {
    super();
    if (isCaptured(response)) throw mountedTwice();
    this.native = native;
    this.method = request.method ?? 'GET';
    this.target = target;
    this.#request = request;
    this.#response = response;
    this.#parsed = parsed;
    this.#before = { wasRead: request.readableDidRead, isOpen: isOpen(request), isBegun: response.headersSent };
  }

  /** Runs the handler; a promise tells when it has returned, where the framework lets one know. */
  protected abstract run(): Promise<unknown> | undefined;

  /** Told when `finish` has committed; gives what that resolves with. */
  protected abstract whenFinished(): Finished;

  headers(lowerName: string): readonly string[] {
    return headerLines(this.#request, lowerName, this.seenHeaders());
  }

  /** The headers as the application sees them. */
  protected seenHeaders(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return readNodeBody(this.#request, this.#parsed, limitBytes);
  }

  /**
   * Not if the connection was closed under a body that the guard has put back: parsers leave such a request alone, or
   * fail, and an answer made without the body would be kept for the one that had it. Nor if somebody else, a time-out
   * for one, began to answer while the guard waited.
   */
  override mayBegin(): boolean {
    const { wasRead, isOpen: wasOpen, isBegun } = this.#before;
    if (!isBegun && this.#response.headersSent) return false;
    return !wasOpen || isOpen(this.#request) || !isUnread(this.#request, wasRead);
  }

  /** What libraries look at to find out that the client has gone: on-finished looks at `writableEnded`. */
  protected get signs(): readonly string[] {
    return signsOfNode;
  }

  /** The headers that were set before the guard. */
  protected headersBefore(): OutgoingHttpHeaders {
    return this.#response.getHeaders();
  }

  execute(): Promise<CapturedResponse> {
    const capture = this.captureRaw();
    const returned = this.runIn();
    return returned === undefined ? capture.captured : this.#settleWith(returned, capture);
  }

  /** Captures what is written to the response from here on. */
  protected captureRaw(): NodeResponseCapture {
    const { maxResponseBytes, settings } = this.route;
    this.#capture = new NodeResponseCapture(this.#response, {
      inside: this,
      context: this.context,
      maxResponseBytes,
      silenceMs: settings.leaseMs,
      timers: this.runtime.timers,
      before: this.headersBefore(),
      signs: this.signs,
    });
    return this.#capture;
  }

  /** Runs the handler, so that what it does is known for its own. */
  protected runIn(): Promise<unknown> | undefined {
    keepReadable(this.#request);
    return runInside(this, this.#request, () => this.run());
  }

  finished(response: PlainResponse): Finished {
    this.#capture?.finish(response);
    return this.whenFinished();
  }

  override get sawClientGo(): boolean {
    return this.#capture?.sawClientGo === true;
  }

  /** Whether somebody else has begun to answer a request whose handler wasn't run. */
  protected get isAnswered(): boolean {
    return this.#capture === undefined && this.#response.headersSent;
  }

  /** Does what the layer says; the caller has dealt with `pass`. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (this.isAnswered) return;
    if (this.#capture !== undefined) this.#capture.conclude(answer);
    else if (answer.kind !== 'answer') this.#response.destroy();
    else if (this.#request.destroyed || isReceived(this.#request)) writeAnswer(this.#response, answer.response);
    else writeEarlyAnswer(this.#request, this.#response, answer.response);
  }

  /** A throw before the answer is the layer's to turn into one. */
  #settleWith(returned: Promise<unknown>, capture: NodeResponseCapture): Promise<CapturedResponse> {
    let rest: Promise<unknown> | undefined = returned;
    const stillRunning = () => rest;
    capture.awaitReturn();
    return new Promise((resolve, reject) => {
      void capture.captured.then((captured) => resolve({ ...captured, stillRunning }));
      returned.then(
        () => {
          rest = undefined;
          capture.returned();
        },
        (error: unknown) => {
          rest = undefined;
          reject(error);
          capture.giveUp();
        },
      );
    });
  }
}

export function mountedTwice(): LatchkeyError {
  return new LatchkeyError(
    'guard-mounted-twice',
    'Two guards act on this request. Mount one, and use with() for routes.',
  );
}
