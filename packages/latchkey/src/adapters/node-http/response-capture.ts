/**
 * Captures a handler's writes to a `node:http` response. An answer that is written by one `end` is held completely. One
 * that is written in several writes passes through without delay and is gathered; only its end is held. The response
 * looks as it would without the guard.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { CapturedResponse, GuardAnswer, Header, PlainResponse } from '../../http/exchange.ts';
import { mayHaveBody } from '../../http/response/replay.ts';
import { isOuterAnswer, isOutside, takeEventsInside } from '../outer-answer.ts';
import { type CaptureParts, ClientGone, isCutFromHere, Patience } from './client-gone.ts';
import { dropEnd, dropWrite, type EndCall, HeldEnd, headersSent, isCallback } from './held-end.ts';
import { type HeaderSnapshot, isDestroyed, isStatus, NodeResponseHead } from './response-head.ts';
import { type Capture, install, letHeadPass, type Originals, overrideHeaderFunctions } from './response-overrides.ts';
import { writeAnswer } from './write-answer.ts';
import { WrittenPieces } from './written-pieces.ts';

/**
 * - `holding`: nothing has been sent; `passing`: the head has been sent and the body follows as it is written.
 * - `held`: the answer is complete; its end waits for the decision.
 * - `discarding`: the handler's writes are dropped; `sent`: its writes after its sent answer are dropped too.
 * - `writing`: the guard answers; `outer`: earlier middleware has answered. Calls go to the previous functions.
 */
type Phase = 'holding' | 'passing' | 'held' | 'discarding' | 'sent' | 'writing' | 'outer';
type Head = Pick<PlainResponse, 'status' | 'headers'>;

/** In these phases, writes are dropped or pass unchanged. */
const silent: ReadonlySet<Phase> = new Set(['held', 'discarding', 'sent']);
const passingOn: ReadonlySet<Phase> = new Set(['writing', 'outer']);
const noBody = new Uint8Array();

/** One response while the guard handles it. Parts that only some responses need are created on first use. */
export class NodeResponseCapture implements Capture {
  readonly originals: Originals;
  settled = false;
  readonly #answer = Promise.withResolvers<CapturedResponse>();
  /** Resolves when the handler has ended the response or no longer can; rejects if it throws before that. */
  readonly captured = this.#answer.promise;
  readonly #response: ServerResponse;
  readonly #parts: CaptureParts;
  readonly #head: NodeResponseHead;
  #phase: Phase = 'holding';
  #headSent = false;
  /** The handler's promise while it is pending, if its return can be observed. */
  #returning: Promise<unknown> | undefined;
  #returnIsSeen = false;
  #pieces: WrittenPieces | undefined;
  #gone: ClientGone | undefined;
  #patience: Patience | undefined;
  #held: HeldEnd | undefined;

  constructor(response: ServerResponse, parts: CaptureParts, headersBefore: HeaderSnapshot) {
    this.#response = response;
    this.#parts = parts;
    this.originals = install(response, this);
    this.#head = new NodeResponseHead(response, headersBefore);
    if (response.headersSent) this.#letOuterAnswer();
    else if (isDestroyed(response)) this.closed();
  }

  /** True if the handler could see that the client disconnected, which may be why it fails. */
  get sawClientGo(): boolean {
    return this.#gone?.isSeen === true;
  }

  /** If its return can't be observed, a handler may be over once it has begun to answer, or noticed a disconnect. */
  get mayBeOver(): boolean {
    return this.#returnIsSeen ? this.#returning === undefined : this.#head.isNoted || this.sawClientGo;
  }

  write(chunk: unknown, encoding: unknown, callback: unknown): boolean {
    if (this.#phase === 'outer' && !isOutside(this.#parts)) this.#endUnheard('too-large');
    else if (passingOn.has(this.#phase)) return this.originals.write.call(this.#response, chunk, encoding, callback);
    if (this.#phase === 'outer' || silent.has(this.#phase)) return dropWrite(this.#held, encoding, callback);
    const bytes = toBytes(chunk, encoding);
    if (bytes !== undefined) this.#noteHead();
    if (bytes === undefined || this.#isOuterAnswer()) {
      return this.originals.write.call(this.#response, chunk, encoding, callback);
    }
    const call = [chunk, encoding, callback] as const;
    if ((this.#pieces?.size ?? 0) + bytes.length >= this.#head.declaredLength) {
      this.#hold(bytes, call, false);
      return true;
    }
    this.#open();
    this.#pieces ??= new WrittenPieces(this.#response, this.originals, this.#parts.route.maxResponseBytes);
    if (isDestroyed(this.#response)) this.#gone?.expectWrites();
    return this.#pieces.forward(bytes, call);
  }

  end(chunk: unknown, encoding: unknown, callback: unknown): void {
    const call = [chunk, encoding, callback] as const;
    if (this.#phase === 'holding' || this.#phase === 'passing') this.#endFirst(call);
    else if (this.#phase === 'outer' && !isOutside(this.#parts)) this.#endUnheard('too-large');
    else if (passingOn.has(this.#phase)) Reflect.apply(this.originals.end, this.#response, call);
    else {
      dropEnd(this.#response, this.#held, call);
      if (this.#phase === 'held') this.#held?.show(this.#headSent);
    }
  }

  #endFirst(call: EndCall): void {
    const [chunk, encoding] = call;
    const bytes = toBytes(chunk, encoding);
    const status = this.#head.isNoted ? this.#head.status : this.#response.statusCode;
    const isRefused = (bytes === undefined && chunk && !isCallback(chunk)) || !isStatus(status);
    if (!isRefused) this.#noteHead();
    // Node throws the error for a chunk or a status that it refuses.
    if (isRefused) this.originals.write.call(this.#response, chunk, encoding);
    else if (this.#isOuterAnswer()) Reflect.apply(this.originals.end, this.#response, call);
    else this.#hold(bytes, call, true);
  }

  writeHead(args: readonly unknown[]): void {
    if (!this.headChanges()) return;
    // An invalid status: Node throws the right error.
    if (this.#phase !== 'holding' || !isStatus(args[0])) Reflect.apply(this.originals.writeHead, this.#response, args);
    else {
      this.#noteHead(this.#head.apply(args, this.originals));
      this.#head.show();
    }
  }

  /** @throws Error `ERR_HTTP_HEADERS_SENT`, as Node does. */
  headChanges(): boolean {
    if (this.#phase === 'discarding') return false;
    if (this.#head.isShown) throw headersSent(this.#response);
    if (this.#phase === 'outer' && !isOutside(this.#parts)) this.#endUnheard('too-large');
    return true;
  }

  flushHeaders(): void {
    if (silent.has(this.#phase)) return;
    if (!passingOn.has(this.#phase)) this.#open();
    this.originals.flushHeaders.call(this.#response);
  }

  /** The application destroys the response; returns false if this must wait until the answer is sent. */
  destroys(): boolean {
    if (this.#phase === 'held') this.#held?.cutLater();
    else if (!passingOn.has(this.#phase)) this.giveUp();
    return this.#phase !== 'held';
  }

  /** The connection is closed. The handler may continue, unless an error handler closed it to end the answer. */
  closed(): void {
    this.#held?.letGo();
    if (this.settled || this.#phase === 'outer') return;
    takeEventsInside(this.#parts, this.#response.req);
    if (this.#headSent && isCutFromHere(this.#response)) this.giveUp();
    else {
      this.#patience = new Patience(this.#parts, () => this.giveUp());
      this.#gone = new ClientGone(this.#response, this, this.#patience, this.#parts.signs);
    }
  }

  /** Handles the handler's return or its error. Work that it left running may still write. */
  follow(returning: Promise<unknown>): void {
    this.#returnIsSeen = true;
    this.#returning = returning;
    this.#patience?.stop();
    returning.then(
      () => {
        this.#returning = undefined;
        if (this.#phase === 'outer') this.#endUnheard('too-large');
        else this.#gone?.expectWrites();
      },
      (error: unknown) => {
        this.#returning = undefined;
        this.#answer.reject(error);
        this.giveUp();
      },
    );
  }

  /** The handler will write nothing more. */
  giveUp(): void {
    if (this.#phase === 'outer') this.#endUnheard('broken');
    if (this.settled) return;
    this.#noteHead();
    this.#discard();
    this.#settle('broken');
  }

  /** Sets the answer; later output of the handler is ignored. */
  finish(response: PlainResponse): void {
    if (this.settled) return;
    this.#head.hide();
    if (this.#phase !== 'outer') this.#discard();
    this.#settle('whole', response.body, response);
  }

  /** Carries out the guard's answer. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (this.#phase === 'outer') return;
    const held = this.#held;
    this.#phase = 'writing';
    if (answer.kind === 'send' && held !== undefined) {
      if (this.#headSent) this.#head.hide();
      else this.#head.goOut(answer.marks, this.originals);
      letHeadPass(this.#response, this.originals);
      held.send(this.originals);
      this.#phase = 'sent';
    } else this.#answerInstead(answer);
  }

  /** Sends another answer in place of the handler's, or none. */
  #answerInstead(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    this.#head.hide();
    this.#held?.open();
    if (answer.kind === 'answer' && !this.#headSent) {
      this.#head.reset();
      writeAnswer(this.#response, answer.response, this.originals);
    } else {
      this.#held?.letGo();
      this.originals.destroy.call(this.#response);
    }
    this.#discard();
  }

  #discard(): void {
    this.#phase = 'discarding';
    overrideHeaderFunctions(this.#response);
  }

  /** The answer is complete: its end waits for the decision. */
  #hold(last: Uint8Array | undefined, call: EndCall, isEnded: boolean): void {
    const { declaredLength, isHttp2, status } = this.#head;
    this.#phase = 'held';
    if (!this.#headSent && !isDestroyed(this.#response)) this.#head.show();
    this.#held = new HeldEnd(this.#response, call, isHttp2);
    if (isEnded) this.#held.show(this.#headSent);
    const body = this.#pieces?.whole(last) ?? last ?? noBody;
    const size = this.#pieces?.size ?? body.length;
    const isBroken = this.#gone?.failedForNobody === true || (size < declaredLength && mayHaveBody(status));
    if (size > this.#parts.route.maxResponseBytes) this.#settle('too-large', noBody);
    else this.#settle(isBroken ? 'broken' : 'whole', body);
  }

  #noteHead(headers?: readonly Header[]): void {
    if (this.#head.isNoted) return;
    this.#head.note(headers);
    this.#gone?.beginsToAnswer(this.#head.status);
  }

  #open(): void {
    if (this.#headSent) return;
    this.#noteHead();
    this.#head.goOutFirst(this.originals, this.#parts.echoed);
    this.#headSent = true;
    this.#phase = 'passing';
  }

  #isOuterAnswer(): boolean {
    if (this.#phase !== 'holding' || !isOuterAnswer(this.#parts, this.#head.status)) return false;
    this.#head.goOut({ headers: [], without: [] }, this.originals);
    this.#letOuterAnswer();
    return true;
  }

  /** Sends the answer of middleware before the guard unchanged, and waits for the handler's outcome. */
  #letOuterAnswer(): void {
    this.#headSent = true;
    this.#phase = 'outer';
    overrideHeaderFunctions(this.#response);
    this.#patience = new Patience(this.#parts, () => this.giveUp());
    if (!this.#returnIsSeen) this.#patience.restart();
  }

  /** The handler has ended, but other code has answered: the record only keeps that the operation is done. */
  #endUnheard(state: 'too-large' | 'broken'): void {
    if (this.settled) return;
    this.#head.forgetAnswer();
    this.#settle(state);
  }

  #settle(state: CapturedResponse['state'], body = this.#pieces?.whole() ?? noBody, head: Head = this.#head): void {
    const { status, headers } = head;
    this.settled = true;
    this.#patience?.stop();
    this.#answer.resolve({
      status,
      headers,
      body,
      state,
      headSent: this.#headSent,
      stillRunning: () => this.#returning,
    });
  }
}

/** Returns the bytes of a chunk; undefined without a chunk, or if Node refuses it. */
function toBytes(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}
