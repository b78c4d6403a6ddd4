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

/** Runs the handler; a promise tells when it has returned, where the framework lets one know. */
type RunHandler<Kind extends TransactionKind, Finished> = (
  context: HttpContext<Kind, Finished>,
) => Promise<unknown> | undefined;

/** What an adapter brings. */
export interface NodeExchangeParts<Kind extends TransactionKind, Finished> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly run: RunHandler<Kind, Finished>;
  /** The fields that were set before the guard, where the framework keeps them elsewhere until it writes. */
  readonly headersBefore?: () => OutgoingHttpHeaders;
  /** Told when `finish` has committed; gives what that resolves with. */
  readonly onFinished: () => Finished;
}

/** The adapter's half of a request's way through the layer. */
export class NodeExchange<Kind extends TransactionKind, Finished = void> implements Handling<Kind, Finished> {
  readonly #parts: NodeExchangeParts<Kind, Finished>;
  #capture: NodeResponseCapture | undefined;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(parts: NodeExchangeParts<Kind, Finished>) {
    if (isCaptured(parts.response)) throw mountedTwice();
    this.#parts = parts;
  }

  execute(context: HttpContext<Kind, Finished>, limits: CaptureLimits): Promise<CapturedResponse> {
    const { response, headersBefore, run } = this.#parts;
    const capture = new NodeResponseCapture(response, context, limits, headersBefore?.());
    this.#capture = capture;
    const returned = run(context);
    return returned === undefined ? capture.captured : this.#settleWith(returned, capture);
  }

  finished(response: PlainResponse): Finished {
    this.#capture?.finish(response);
    return this.#parts.onFinished();
  }

  /** Does what the layer says; the caller has dealt with `pass`. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    const { request, response } = this.#parts;
    if (this.#capture !== undefined) this.#capture.conclude(answer);
    else if (answer.kind !== 'answer') response.destroy();
    else if (isReceived(request)) writeAnswer(response, answer.response);
    else writeEarlyAnswer(request, response, answer.response);
  }

  /** A throw before the answer is the layer's to turn into one. */
  #settleWith(returned: Promise<unknown>, capture: NodeResponseCapture): Promise<CapturedResponse> {
    return new Promise((resolve, reject) => {
      void capture.captured.then(resolve);
      returned.then(
        () => capture.returned(),
        (error: unknown) => {
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
