/**
 * One request and response of `node:http` on their way through the layer.
 *
 * @module
 */

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { LatchkeyError } from '../core/errors.ts';
import type { TransactionKind } from '../core/store.ts';
import type { CapturedResponse, CaptureLimits, GuardAnswer, PlainResponse } from '../http/exchange.ts';
import type { Handling, HttpContext } from '../http/layer.ts';
import { writeAnswer } from './node-answer.ts';
import { writeEarlyAnswer } from './node-early-answer.ts';
import { isReceived } from './node-request-body.ts';
import { NodeResponseCapture } from './node-response-capture.ts';
import { isCaptured } from './node-response-overrides.ts';

/** The adapter's half of a request's way through the layer. */
export abstract class NodeExchange<Kind extends TransactionKind, Finished> implements Handling<Kind, Finished> {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #capture: NodeResponseCapture | undefined;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(request: IncomingMessage, response: ServerResponse) {
    if (isCaptured(response)) throw mountedTwice();
    this.#request = request;
    this.#response = response;
  }

  /** Runs the handler; a promise tells when it has returned, where the framework lets one know. */
  protected abstract run(context: HttpContext<Kind, Finished>): Promise<unknown> | undefined;

  /** Told when `finish` has committed; gives what that resolves with. */
  protected abstract whenFinished(): Finished;

  /** The fields that were set before the guard. */
  protected headersBefore(): OutgoingHttpHeaders {
    return this.#response.getHeaders();
  }

  execute(context: HttpContext<Kind, Finished>, limits: CaptureLimits): Promise<CapturedResponse> {
    const capture = new NodeResponseCapture(this.#response, context, limits, this.headersBefore());
    this.#capture = capture;
    const returned = this.run(context);
    return returned === undefined ? capture.captured : this.#settleWith(returned, capture);
  }

  finished(response: PlainResponse): Finished {
    this.#capture?.finish(response);
    return this.whenFinished();
  }

  /** True once the handler was given the response. */
  protected get hasRun(): boolean {
    return this.#capture !== undefined;
  }

  /** Does what the layer says; the caller has dealt with `pass`. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (this.#capture !== undefined) this.#capture.conclude(answer);
    else if (answer.kind !== 'answer') this.#response.destroy();
    else if (isReceived(this.#request)) writeAnswer(this.#response, answer.response);
    else writeEarlyAnswer(this.#request, this.#response, answer.response);
  }

  /** A throw before the answer is the layer's to turn into one. */
  #settleWith(returned: Promise<unknown>, capture: NodeResponseCapture): Promise<CapturedResponse> {
    let rest: Promise<unknown> | undefined = returned;
    const stillRunning = () => rest;
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

function mountedTwice(): LatchkeyError {
  return new LatchkeyError(
    'guard-mounted-twice',
    'Two guards act on this request. Mount one, and use with() for routes.',
  );
}
