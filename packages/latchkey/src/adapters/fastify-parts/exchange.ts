/**
 * One request and reply of Fastify on their way through the layer.
 *
 * An answer that reaches the guard's `onSend` whole, as a string or bytes, is held there until it is stored. Everything
 * else is captured from the raw response: streams, and what is written past Fastify's hooks. An answer of the layer's own
 * is sent the framework's way, and takes the place of whatever reaches that same hook.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TransactionKind } from '../../core/store.ts';
import type { CapturedResponse, GuardAnswer, PlainResponse, RequestBody } from '../../http/exchange.ts';
import type { RequestMark } from '../../http/request-mark.ts';
import { mayHaveBody } from '../../http/response/status.ts';
import type { GuardContexts } from '../guard-contexts.ts';
import { signsOfClose } from '../node-http/client-gone.ts';
import { mountedTwice, NodeExchange } from '../node-http/exchange.ts';
import { type HeaderSnapshot, isStatus } from '../node-http/response-headers.ts';
import { isDestroyed } from '../node-http/response-writes.ts';
import { isOutside, maySpeakForOthers } from '../outer-answer.ts';
import { HeldResponse, type Phase } from './held-response.ts';
import { payloadOf, wholePayload } from './payload.ts';
import { isTrapped, RawTraps, type TrapOwner, type TrappedCall } from './raw-traps.ts';
import {
  headerError,
  headersOf,
  headersSince,
  markReply,
  placeAnswer,
  restoreReply,
  unmarkReply,
} from './reply-headers.ts';
import { type FastifyBodies, type LimitedRoute, setContext } from './request.ts';

/** Ends a hook. */
export type Done = (error?: Error) => void;
/** Ends an `onSend` hook. Undefined leaves the payload as it is. */
export type Next = (error?: Error | null, payload?: unknown) => void;

/** An answer that waits in `onSend`. */
interface Waiting {
  readonly status: number;
  readonly headers: HeaderSnapshot;
  readonly next: Next;
}

/** What the exchanges of one route in one instance share. */
export interface FastifyParts<Kind extends TransactionKind> {
  readonly contexts: GuardContexts<Kind, FastifyReply>;
  /** Requests whose answers are the business of their exchange in `onSend`. */
  readonly exchanges: RequestMark<FastifyExchange<Kind>>;
  readonly bodies: FastifyBodies;
  readonly limits: LimitedRoute;
}

/** The body was parsed already; the handler is run by ending the hook. */
export class FastifyExchange<Kind extends TransactionKind>
  extends NodeExchange<FastifyRequest, Kind, FastifyReply>
  implements TrapOwner
{
  readonly #parts: FastifyParts<Kind>;
  readonly #reply: FastifyReply;
  readonly #done: Done;
  #phase: Phase = 'idle';
  /** The headers that were set before the guard. */
  #before: HeaderSnapshot = {};
  #traps: RawTraps | undefined;
  #resolve: (captured: CapturedResponse | Promise<CapturedResponse>) => void = () => {};
  #held: HeldResponse | undefined;
  #waiting: Waiting | undefined;
  /** The answer that takes the place of whatever reaches `onSend`. */
  #placed: PlainResponse | undefined;
  #payload: string | Buffer | null = null;
  #hasRun = false;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(parts: FastifyParts<Kind>, request: FastifyRequest, reply: FastifyReply, done: Done) {
    const { raw, originalUrl } = request;
    super({ native: request, request: raw, response: reply.raw, parsed: request, target: originalUrl });
    if (isTrapped(reply.raw)) throw mountedTwice();
    this.#parts = parts;
    this.#reply = reply;
    this.#done = done;
  }

  override execute(): Promise<CapturedResponse> {
    const { raw } = this.#reply;
    this.#hasRun = true;
    this.#before = headersOf(this.#reply);
    this.#parts.exchanges.set(this.native, this);
    if (raw.headersSent || isDestroyed(raw)) {
      this.#phase = 'captured';
      return super.execute();
    }
    this.#phase = 'running';
    this.#traps = new RawTraps(raw, this);
    const captured = new Promise<CapturedResponse>((resolve) => {
      this.#resolve = resolve;
    });
    void this.runIn();
    return captured;
  }

  protected override run(): undefined {
    this.#parts.contexts.set(this.native, this);
    setContext(this.native, this);
    this.#done();
  }

  /** The guard's `onSend`: an answer is about to be sent. */
  onSend(payload: unknown, next: Next): void {
    if (this.#phase === 'running') this.#capture(payload, next);
    else if (this.#phase === 'placing') this.#place(next);
    else if (this.#phase === 'over') this.#passAgain(next);
    // While an answer waits, a second one is ignored.
    else if (this.#phase !== 'held' && this.#phase !== 'finished') next();
  }

  #capture(payload: unknown, next: Next): void {
    const status = this.#reply.statusCode;
    const body = this.#mayBeOuter(status) ? undefined : wholePayload(payload);
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
    // Fastify takes the type away from content that a status does not allow.
    const dropsType = !mayHaveBody(status) && payload !== undefined && payload !== null;
    const before = dropsType ? { ...this.#before, 'content-type': headers['content-type'] } : this.#before;
    const set = headersSince(headers, before);
    this.#phase = 'held';
    this.#held = new HeldResponse(this.#reply.raw, true);
    this.#waiting = { status, headers, next };
    this.#resolve({ status, headers: set, body, state: 'whole', headSent: false });
  }

  /** A status that somebody in front of the handler answers with, or that does not exist, is the raw capture's to judge. */
  #mayBeOuter(status: number): boolean {
    return !isStatus(status) || (maySpeakForOthers(status) && isOutside(this));
  }

  /** Does what the layer says. */
  answer(answer: GuardAnswer): void {
    if (answer.kind === 'pass') this.#done();
    else if (this.#phase === 'captured' || (this.#phase === 'idle' && this.isAnswered)) this.conclude(answer);
    else this.#answer(answer);
  }

  #answer(answer: GuardAnswer): void {
    this.#open();
    if (this.#phase === 'held') this.#letOut(answer);
    else if (answer.kind === 'answer') this.#send(answer.response);
    this.#held?.letGo();
  }

  /** The response is Fastify's again. */
  #open(): void {
    this.#held?.open();
    this.#traps?.remove();
  }

  /** The answer that waits in `onSend` goes on, or another one in its place. */
  #letOut(answer: GuardAnswer): void {
    const { next, status, headers } = this.#waiting as Waiting;
    if (answer.kind === 'answer') {
      this.#placed = answer.response;
      this.#payload = payloadOf(answer.response);
      this.#place(next);
      return;
    }
    // What was set on the reply after the answer has no effect on it.
    restoreReply(this.#reply, headers);
    this.#reply.code(status);
    if (answer.kind === 'send') markReply(this.#reply, answer.marks);
    this.#phase = 'over';
    this.#goOn(next, undefined);
  }

  /** Sends an answer of the layer's own through all hooks. */
  #send(response: PlainResponse): void {
    if (!this.#hasRun) this.#before = headersOf(this.#reply);
    this.#phase = 'placing';
    this.#placed = response;
    this.#payload = payloadOf(response);
    this.#parts.exchanges.set(this.native, this);
    this.#reply.code(response.status).send(this.#payload ?? undefined);
  }

  #place(next: Next): void {
    placeAnswer(this.#reply, this.#placed as PlainResponse, this.#before, !this.#hasRun);
    this.#phase = 'over';
    this.#goOn(next, this.#payload);
  }

  /** What a throw of a later hook, or of Fastify, makes of an answer that was stored, or is the layer's own. */
  #passAgain(next: Next): void {
    unmarkReply(this.#reply);
    next();
  }

  /** Fastify throws, to whoever has sent, for an answer that cannot be sent: a later hook has set a malformed header. */
  #goOn(next: Next, payload: unknown): void {
    try {
      next(null, payload);
    } catch (error) {
      this.#failToSend(error);
    }
  }

  /** The way through the layer has thrown. */
  fail(error: unknown): void {
    if (this.#phase === 'idle') {
      this.#done(error as Error);
      return;
    }
    this.#open();
    this.#phase = 'over';
    this.#failToSend(error);
  }

  #failToSend(error: unknown): void {
    const { raw } = this.#reply;
    try {
      if (raw.headersSent) raw.destroy();
      else this.#reply.send(error);
    } catch {
      // Nor can the error be sent.
      raw.destroy();
    }
  }

  letsPass(): boolean {
    if (this.#phase === 'running') this.#captureRaw();
    return this.#phase === 'captured';
  }

  refuse(call: TrappedCall): unknown {
    return this.#held?.refuse(call);
  }

  closed(): void {
    if (this.#phase === 'running') this.#captureRaw();
  }

  /** The answer comes another way than through `onSend`, or nobody waits for it any more. */
  #captureRaw(): void {
    this.#phase = 'captured';
    this.#traps?.remove();
    const { captured } = this.captureRaw();
    this.#resolve(captured);
  }

  override finished(response: PlainResponse): FastifyReply {
    if (this.#phase !== 'running') return super.finished(response);
    this.#phase = 'finished';
    this.#held = new HeldResponse(this.#reply.raw, false);
    this.#resolve({ ...response, state: 'whole', headSent: false });
    return this.#reply;
  }

  protected override whenFinished(): FastifyReply {
    return this.#phase === 'captured' ? this.#reply.hijack() : this.#reply;
  }

  /** A hook may have set headers of its own, which are Fastify's alone. */
  protected override seenHeaders(): IncomingHttpHeaders {
    return this.native.headers;
  }

  override body(limitBytes: number): RequestBody | Promise<RequestBody> {
    const { bodies, limits } = this.#parts;
    return bodies.get(this.native, limits) ?? super.body(limitBytes);
  }

  /** Fastify asks each time it sends whether the response has ended. */
  override get signs(): readonly string[] {
    return signsOfClose;
  }

  /** Fastify keeps headers of its own until it writes. */
  override headersBefore(): HeaderSnapshot {
    return this.#before;
  }
}
