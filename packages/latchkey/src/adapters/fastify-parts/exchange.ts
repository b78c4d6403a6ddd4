/**
 * One request and reply of Fastify in the layer. A complete answer (a string or bytes) that reaches the guard's
 * `onSend` is held there until it is stored. Streams, and writes that bypass Fastify's hooks, are captured from the raw
 * response. The layer's own answers are sent through the framework and replace the payload that reaches that hook.
 *
 * @module
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TransactionKind } from '../../core/store.ts';
import type { CapturedResponse, GuardAnswer, PlainResponse, RequestBody } from '../../http/exchange.ts';
import type { HttpLayer } from '../../http/layer.ts';
import type { RequestMark } from '../../http/request-mark.ts';
import { mayHaveBody } from '../../http/response/replay.ts';
import { tappedBody } from '../node-http/body-tap.ts';
import { signsOfClose } from '../node-http/client-gone.ts';
import { NodeExchange } from '../node-http/exchange.ts';
import { type HeaderSnapshot, isDestroyed, isStatus } from '../node-http/response-head.ts';
import { isOuterAnswer } from '../outer-answer.ts';
import { RawResponse, type TrapOwner } from './raw-response.ts';
import {
  headerError,
  headersOf,
  headersSince,
  markReply,
  payloadOf,
  placeAnswer,
  restoreReply,
  unmarkReply,
  wholePayload,
} from './reply.ts';

/** Ends a hook. */
export type Done = (error?: Error) => void;
/** Ends an `onSend` hook. Undefined leaves the payload unchanged. */
export type Next = (error?: Error | null, payload?: unknown) => void;

/** An answer that waits in `onSend`. */
interface Waiting {
  readonly status: number;
  readonly headers: HeaderSnapshot;
  readonly next: Next;
}

/** The parts that the exchanges of one route in one instance share. */
export interface FastifyParts {
  /** The contexts of the guard: no two guards share them. */
  readonly contexts: object;
  /** Bodies that were read before parsing. */
  readonly bodies: RequestMark<RequestBody>;
  /** Of the route. */
  readonly bodyLimit: number;
}

/**
 * - `idle`: the handler has not started.
 * - `running`: the handler has started and has not answered.
 * - `captured`: its writes are captured from the raw response.
 * - `held`: its answer has reached `onSend` and waits there until it is stored.
 * - `finished`: `finish` has committed the answer, which has not been sent yet.
 * - `placing`: an answer of the layer is on its way to `onSend`.
 * - `over`: the answer has passed the guard.
 */
type Phase = 'idle' | 'running' | 'captured' | 'held' | 'finished' | 'placing' | 'over';

/** The exchange of a request. Copies of this module in one program share the symbol. */
const exchangeKey = Symbol.for('latchkey.fastify.exchange');

/** The exchange of this request whose answer `onSend` handles. */
export function exchangeOf<Kind extends TransactionKind>(request: FastifyRequest): FastifyExchange<Kind> | undefined {
  return (request as { [exchangeKey]?: FastifyExchange<Kind> })[exchangeKey];
}

/** The body is already parsed; ending the hook runs the handler. */
export class FastifyExchange<Kind extends TransactionKind>
  extends NodeExchange<FastifyRequest, Kind, FastifyReply>
  implements TrapOwner
{
  readonly parts: FastifyParts;
  /** True once the handler has started. */
  hasRun = false;
  readonly #reply: FastifyReply;
  readonly #done: Done;
  #phase: Phase = 'idle';
  /** The headers that were set before the guard. */
  #before: HeaderSnapshot = {};
  #raw: RawResponse | undefined;
  #resolve: (captured: CapturedResponse | Promise<CapturedResponse>) => void = () => {};
  #waiting: Waiting | undefined;
  /** The answer that replaces the payload that reaches `onSend`. */
  #placed: PlainResponse | undefined;
  #payload: string | Buffer | null = null;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(parts: FastifyParts, request: FastifyRequest, reply: FastifyReply, done: Done) {
    super(request, request.raw, reply.raw, request.originalUrl);
    this.parts = parts;
    this.#reply = reply;
    this.#done = done;
  }

  /** Handles the request in the guard. */
  enter(layer: HttpLayer<FastifyRequest, Kind>): void {
    try {
      const answer = layer.handle(this);
      if (answer instanceof Promise)
        answer.then(
          (given) => this.answer(given),
          (error) => this.#fail(error),
        );
      else this.answer(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  override execute(): Promise<CapturedResponse> {
    const { raw } = this.#reply;
    this.hasRun = true;
    this.#before = headersOf(this.#reply, this.declared);
    (this.native as { [exchangeKey]?: object })[exchangeKey] = this;
    const isTaken = raw.headersSent || isDestroyed(raw);
    const captured = new Promise<CapturedResponse>((resolve) => {
      this.#resolve = resolve;
    });
    if (isTaken) this.#captureRaw();
    else {
      this.#phase = 'running';
      this.#raw = new RawResponse(raw, this);
    }
    void this.runIn();
    return captured;
  }

  override run(): undefined {
    this.#done();
  }

  /** The guard's `onSend`: an answer is about to be sent. */
  onSend(payload: unknown, next: Next): void {
    if (this.#phase === 'running') this.#capture(payload, next);
    else if (this.#phase === 'placing') this.#place(next);
    else if (this.#phase === 'over') {
      // The response to an error of a later hook, or of Fastify, after an answer was stored.
      unmarkReply(this.#reply);
      next();
    }
    // While an answer waits, a second one is ignored.
    else if (this.#phase !== 'held' && this.#phase !== 'finished') next();
  }

  #capture(payload: unknown, next: Next): void {
    const status = this.#reply.statusCode;
    // The raw capture handles a status that is invalid, or that code before the handler may have answered with.
    const isOwn = isStatus(status) && !isOuterAnswer(this, status);
    const body = isOwn ? wholePayload(payload) : undefined;
    if (body === undefined) {
      this.#captureRaw();
      next();
      return;
    }
    const headers = headersOf(this.#reply);
    const error = headerError(headers);
    if (error !== undefined) {
      next(error);
      return;
    }
    // Fastify removes the type from content that a status does not allow.
    const dropsType = !mayHaveBody(status) && payload !== undefined && payload !== null;
    const before = dropsType ? { ...this.#before, 'content-type': headers['content-type'] } : this.#before;
    const set = headersSince(headers, before);
    this.#phase = 'held';
    this.#raw?.hold(true);
    this.#waiting = { status, headers, next };
    this.#resolve({ status, headers: set, body, state: 'whole', headSent: false });
  }

  protected answer(answer: GuardAnswer): void {
    try {
      if (answer.kind === 'pass') this.#done();
      else if (this.#phase === 'captured' || (this.#phase === 'idle' && this.isAnswered)) this.conclude(answer);
      else {
        this.#raw?.open();
        if (this.#phase === 'held') this.#letOut(answer);
        else if (answer.kind === 'answer') this.#send(answer.response);
        this.#raw?.letGo();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Continues `onSend` with the held answer, or with another one in its place. */
  #letOut(answer: GuardAnswer): void {
    const { next, status, headers } = this.#waiting as Waiting;
    if (answer.kind === 'answer') {
      this.#placed = answer.response;
      this.#payload = payloadOf(answer.response);
      this.#place(next);
      return;
    }
    // Changes to the reply after the answer have no effect on it.
    restoreReply(this.#reply, headers);
    this.#reply.code(status);
    if (answer.kind === 'send') markReply(this.#reply, answer.marks);
    this.#phase = 'over';
    this.#goOn(next, undefined);
  }

  /** Sends an answer of the layer through all hooks. */
  #send(response: PlainResponse): void {
    if (!this.hasRun) this.#before = headersOf(this.#reply);
    this.#phase = 'placing';
    this.#placed = response;
    this.#payload = payloadOf(response);
    (this.native as { [exchangeKey]?: object })[exchangeKey] = this;
    this.#reply.code(response.status).send(this.#payload ?? undefined);
  }

  #place(next: Next): void {
    placeAnswer(this.#reply, this.#placed as PlainResponse, this.#before, !this.hasRun);
    this.#phase = 'over';
    this.#goOn(next, this.#payload);
  }

  /** Fastify throws to the sender if an answer cannot be sent because a later hook has set a malformed header. */
  #goOn(next: Next, payload: unknown): void {
    try {
      next(null, payload);
    } catch (error) {
      this.#failToSend(error);
    }
  }

  /** The layer has thrown. */
  #fail(error: unknown): void {
    if (this.#phase === 'idle') {
      this.#done(error as Error);
      return;
    }
    this.#raw?.open();
    this.#phase = 'over';
    this.#failToSend(error);
  }

  #failToSend(error: unknown): void {
    const { raw } = this.#reply;
    try {
      if (raw.headersSent) raw.destroy();
      else this.#reply.send(error);
    } catch {
      // The error cannot be sent either.
      raw.destroy();
    }
  }

  letsPass(): boolean {
    if (this.#phase === 'running') this.#captureRaw();
    return this.#phase === 'captured';
  }

  closed(): void {
    if (this.#phase === 'running') this.#captureRaw();
  }

  /** The answer does not come through `onSend`, or no client waits for it any more. */
  #captureRaw(): void {
    this.#phase = 'captured';
    this.#raw?.release();
    const { captured } = this.captureRaw(this.#before);
    this.#resolve(captured);
  }

  override finished(response: PlainResponse): FastifyReply {
    if (this.#phase !== 'running') return super.finished(response);
    this.#phase = 'finished';
    this.#raw?.hold(false);
    this.#resolve({ ...response, state: 'whole', headSent: false });
    return this.#reply;
  }

  protected override whenFinished(): FastifyReply {
    return this.#phase === 'captured' ? this.#reply.hijack() : this.#reply;
  }

  override body(limitBytes: number): RequestBody | Promise<RequestBody> {
    const { bodies, bodyLimit } = this.parts;
    return tappedBody(this.native.raw, bodyLimit) ?? bodies.get(this.native) ?? super.body(limitBytes);
  }

  /** Fastify checks before each send whether the response has ended. */
  override get signs(): readonly string[] {
    return signsOfClose;
  }
}
