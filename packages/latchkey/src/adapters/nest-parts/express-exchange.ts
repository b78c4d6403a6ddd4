/**
 * One request of Nest on Express in the layer.
 *
 * @module
 */

import { StreamableFile } from '@nestjs/common';
import type { Request, Response } from 'express';
import { NothingHappenedError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { CapturedResponse, GuardAnswer } from '../../http/exchange.ts';
import type { HttpLayer } from '../../http/layer.ts';
import { NodeExchange } from '../node-http/exchange.ts';
import { isReceived } from '../node-http/request.ts';
import { dropWrites, type NestCall } from './handler-run.ts';
import { noteErrors } from './mutation.ts';
import { keyHeader, type NestRequest, setContext } from './request.ts';

/** Nest, or an exception filter, writes the answer to the response, from which it is captured. */
export class NestExpressExchange<Kind extends TransactionKind> extends NodeExchange<NestRequest, Kind, void> {
  readonly #response: Response;
  readonly #request: Request;
  readonly #call: NestCall;
  #hasRun = false;
  #error: unknown;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(call: NestCall, request: Request, response: Response) {
    super(request, request, response, request.originalUrl);
    this.#request = request;
    this.#response = response;
    this.#call = call;
    this.declared = call.kind.headers;
  }

  /** Handles the request in the guard. */
  enter(layer: HttpLayer<NestRequest, Kind>): void {
    try {
      const answer = layer.handle(this);
      if (answer instanceof Promise) answer.then((given) => this.#answer(given)).catch((error) => this.#fail(error));
      else this.#answer(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  override headers(lowerName: string): readonly string[] {
    const { key } = this.#call;
    return key !== undefined && lowerName === keyHeader ? [key] : super.headers(lowerName);
  }

  override async execute(): Promise<CapturedResponse> {
    const captured = await super.execute();
    if (this.#call.isMutation) noteErrors(this, captured, this.#error);
    return captured;
  }

  override run(): Promise<void> {
    this.#hasRun = true;
    setContext(this.native, this);
    return this.#call.handler.start(this);
  }

  protected override whenFinished(): void {}

  /**
   * When the client has disconnected, Nest destroys the file, but not what it pipes the file through, so that nothing
   * tells the response that no more comes.
   */
  gave(value: unknown): void {
    if (!(value instanceof StreamableFile)) return;
    const response = this.#response;
    const file = value.getStream();
    const giveUp = () => {
      if (file.destroyed && !file.readableEnded && response.destroyed) response.destroy();
    };
    file.once('close', giveUp);
    // A generator that waits keeps its destroyed stream from being closed.
    response.once('close', () => setImmediate(giveUp));
    if (response.destroyed) setImmediate(giveUp);
  }

  threw(error: unknown): void {
    this.#error = error;
    // An exception filter answers, in which Nest's own ignores the headers of an error.
    if (error instanceof NothingHappenedError && !this.#response.headersSent) this.#response.set({ ...error.headers });
    this.hasReturned = true;
  }

  returned(): void {
    this.hasReturned = !this.#call.kind.answersItself;
  }

  /** The layer has thrown, or its answer can't be written. */
  #fail(error: unknown): void {
    if (this.#hasRun) this.#response.destroy();
    else this.#call.handler.fail(error);
  }

  /** Carries out the layer's answer. */
  #answer(answer: GuardAnswer): void {
    if (answer.kind === 'pass') this.#call.handler.pass();
    else if (this.#hasRun) this.conclude(answer);
    else {
      const { headersSent, destroyed } = this.#response;
      const isWhole = !headersSent && !destroyed && isReceived(this.#request);
      this.conclude(answer);
      if (isWhole) dropWrites(this.#response);
      this.#call.handler.skip();
    }
  }
}
