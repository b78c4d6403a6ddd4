/**
 * One request of Nest on Fastify in the layer.
 *
 * @module
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { NothingHappenedError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { CapturedResponse, GuardAnswer } from '../../http/exchange.ts';
import { FastifyExchange, type FastifyParts } from '../fastify-parts/exchange.ts';
import type { NodeResponseCapture } from '../node-http/response-capture.ts';
import type { HeaderSnapshot } from '../node-http/response-head.ts';
import { dropWrites, type NestCall } from './handler-run.ts';
import { noteErrors } from './mutation.ts';
import { keyHeader, setContext } from './request.ts';

/** Nest, or an exception filter, sends the answer, which is captured in `onSend`. */
export class NestFastifyExchange<Kind extends TransactionKind> extends FastifyExchange<Kind> {
  readonly #nestReply: FastifyReply;
  readonly #call: NestCall;
  #error: unknown;
  #returning: Promise<void> | undefined;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(parts: FastifyParts, call: NestCall, request: FastifyRequest, reply: FastifyReply) {
    super(parts, request, reply, (error) => (error === undefined ? call.handler.pass() : call.handler.fail(error)));
    this.#nestReply = reply;
    this.#call = call;
    this.declared = call.kind.headers;
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

  override run(): undefined {
    setContext(this.native, this);
    this.#returning = this.#call.handler.start(this);
  }

  gave(): void {}

  threw(error: unknown): void {
    this.#error = error;
    // An exception filter answers, in which Nest's own ignores the headers of an error.
    if (error instanceof NothingHappenedError) this.#nestReply.headers({ ...error.headers });
    this.#end();
  }

  returned(): void {
    if (!this.#call.kind.answersItself) this.#end();
  }

  #end(): void {
    this.hasReturned = true;
    // The answer of `finish` has been sent: Nest's own would be a second one.
    if (this.committed !== undefined) ignoreAnswers(this.#nestReply);
  }

  protected override captureRaw(before: HeaderSnapshot): NodeResponseCapture {
    const capture = super.captureRaw(before);
    if (this.#returning !== undefined) capture.follow(this.#returning);
    return capture;
  }

  protected override answer(answer: GuardAnswer): void {
    super.answer(answer);
    if (this.hasRun || answer.kind === 'pass') return;
    // Nest answers too, once the interceptors have ended. That must not change an answer that is being sent.
    afterEnd(this.#nestReply, () => {
      ignoreAnswers(this.#nestReply);
      this.#call.handler.skip();
    });
  }
}

function afterEnd({ raw }: FastifyReply, next: () => void): void {
  if (raw.writableEnded || raw.destroyed) next();
  else raw.once('close', next);
}

/** Fastify would log a warning for a second answer, and Node would emit an error for events after it. */
function ignoreAnswers(reply: FastifyReply): void {
  reply.send = () => reply;
  dropWrites(reply.raw);
}
