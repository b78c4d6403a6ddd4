/**
 * Captures what a handler writes to a `node:http` response.
 *
 * An answer that is written at once, by `end` alone, is held back whole. One that is written in pieces goes through
 * undelayed and is gathered on its way; only its end is held back. The response looks as it would without the guard.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { CapturedResponse, GuardAnswer, Header, PlainResponse } from '../../http/exchange.ts';
import { mayHaveBody } from '../../http/response/status.ts';
import { isOutside, maySpeakForOthers, takeEventsInside } from '../outer-answer.ts';
import { type CaptureParts, ClientGone, Patience } from './client-gone.ts';
import { dropEnd, dropWrite, type EndCall, HeldEnd } from './held-end.ts';
import { NodeResponseHead } from './response-head.ts';
import { isStatus } from './response-headers.ts';
import { type Capture, install, type Originals, overrideHeaderFunctions } from './response-overrides.ts';
import { headersSent, isCallback, isCutFromHere, isDestroyed, toBytes } from './response-writes.ts';
import { writeAnswer } from './write-answer.ts';
import { WrittenPieces } from './written-pieces.ts';

/**
 * - `holding`: nothing has gone out.
 * - `passing`: the head is out and the body follows as it is written.
 * - `held`: the answer is complete; its end waits for the decision.
 * - `discarding`: what the handler writes is dropped.
 * - `writing`: the guard, or somebody in front of it, answers; calls go to the functions that were there before.
 */
type Phase = 'holding' | 'passing' | 'held' | 'discarding' | 'writing';

const noBody = new Uint8Array();

/** One response while the guard has it. What only some responses need is made when they need it. */
export class NodeResponseCapture implements Capture {
  readonly originals: Originals;
  settled = false;
  readonly #answer = Promise.withResolvers<CapturedResponse>();
  /** Resolves when the handler has ended the response, or can't any more; rejects if it throws before that. */
  readonly captured = this.#answer.promise;
  readonly #response: ServerResponse;
  readonly #parts: CaptureParts;
  readonly #head: NodeResponseHead;
  #phase: Phase = 'holding';
  #headSent = false;
  #sent = false;
  /** The handler's promise until it is settled, where its return is seen. */
  #returning: Promise<unknown> | undefined;
  #returnIsSeen = false;
  /** Somebody in front of the guard has answered. */
  #outerAnswered = false;
  #pieces: WrittenPieces | undefined;
  #gone: ClientGone | undefined;
  #patience: Patience | undefined;
  #held: HeldEnd | undefined;

  constructor(response: ServerResponse, parts: CaptureParts) {
    this.#response = response;
    this.#parts = parts;
    this.#head = new NodeResponseHead(response, parts.headersBefore());
    this.originals = install(response, this);
    if (response.headersSent) this.#letOuterAnswer();
    else if (isDestroyed(response)) this.closed();
  }

  /** True if the handler has seen that the client hung up, which may be why it fails. */
  get sawClientGo(): boolean {
    return this.#gone?.isSeen === true;
  }

  /** Where its return is not seen, a handler may be over once it began to answer, or saw that its client had gone. */
  get mayBeOver(): boolean {
    return this.#returnIsSeen ? this.#returning === undefined : this.#head.isNoted || this.sawClientGo;
  }

  /** The guard's own answer goes out, so that the handler's header calls mean nothing. */
  get ignoresHeaders(): boolean {
    return this.#phase === 'discarding' && !this.#sent;
  }

  write(chunk: unknown, encoding: unknown, callback: unknown): boolean {
    if (this.#outerAnswered && !isOutside(this.#parts)) this.#endUnheard('too-large');
    else if (this.#phase === 'writing') return this.originals.write.call(this.#response, chunk, encoding, callback);
    if (this.#isSilent || this.#outerAnswered) return dropWrite(this.#held, encoding, callback);
    const bytes = toBytes(chunk, encoding);
    if (bytes !== undefined) this.#noteHead();
    // Node says what is wrong with a chunk that it refuses.
    if (bytes === undefined || this.#isOuterAnswer()) {
      return this.originals.write.call(this.#response, chunk, encoding, callback);
    }
    const call = [chunk, encoding, callback] as const;
    if ((this.#pieces?.size ?? 0) + bytes.length >= this.#head.declaredLength) {
      this.#hold(bytes, call);
      return true;
    }
    this.#open();
    this.#pieces ??= new WrittenPieces(this.#response, this.originals, this.#parts.route.maxResponseBytes);
    if (isDestroyed(this.#response)) this.#gone?.expectWrites();
    return this.#pieces.forward(bytes, call);
  }

  end(chunk: unknown, encoding: unknown, callback: unknown): void {
    if (this.#outerAnswered && !isOutside(this.#parts)) this.#endUnheard('too-large');
    else if (this.#phase === 'writing') this.originals.end.call(this.#response, chunk, encoding, callback);
    else if (!this.#isSilent) this.#endOnce(chunk, encoding, callback);
    else dropEnd(this.#response, this.#held, [chunk, encoding, callback]);
    if (this.#phase === 'held') this.#held?.show(this.#headSent);
  }

  writeHead(args: readonly unknown[]): void {
    if (this.ignoresHeaders) return;
    this.headChanges();
    // A status that does not exist: Node throws the right error.
    if (this.#phase !== 'holding' || !isStatus(args[0])) Reflect.apply(this.originals.writeHead, this.#response, args);
    else {
      this.#noteHead(this.#head.apply(args, this.originals));
      this.#head.show();
    }
  }

  /** @throws Error `ERR_HTTP_HEADERS_SENT`, as Node does. */
  headChanges(): void {
    if (this.#head.isShown) throw headersSent(this.#response);
    if (this.#outerAnswered && !isOutside(this.#parts)) this.#endUnheard('too-large');
  }

  flushHeaders(): void {
    if (this.#isSilent) return;
    if (this.#phase !== 'writing') {
      this.#noteHead();
      this.#open();
    }
    this.originals.flushHeaders.call(this.#response);
  }

  /** The application destroys the response; false if that has to wait until the answer is out. */
  destroys(): boolean {
    if (this.#phase === 'held') this.#held?.cutLater();
    else if (this.#phase !== 'writing') this.giveUp();
    return this.#phase !== 'held';
  }

  /** The connection is gone, and the handler may go on: only an error handler that cut it has ended the answer. */
  closed(): void {
    if (this.settled || this.#outerAnswered) return;
    takeEventsInside(this.#parts, this.#response.req);
    if (this.#headSent && isCutFromHere(this.#response)) this.giveUp();
    else {
      this.#patience = new Patience(this.#parts, () => this.giveUp());
      this.#gone = new ClientGone(this.#response, this, this.#patience, this.#parts.signs);
    }
  }

  /** Sees to the handler's return, or to its throw. What it left running may still write. */
  follow(returning: Promise<unknown>): void {
    this.#returnIsSeen = true;
    this.#returning = returning;
    this.#patience?.stop();
    returning.then(
      () => {
        this.#returning = undefined;
        if (this.#outerAnswered) this.#endUnheard('too-large');
        else this.#gone?.expectWrites();
      },
      (error: unknown) => {
        this.#returning = undefined;
        this.#answer.reject(error);
        this.giveUp();
      },
    );
  }

  /** Nothing more is to come from the handler. */
  giveUp(): void {
    if (this.#outerAnswered) this.#endUnheard('broken');
    if (this.settled) return;
    this.#noteHead();
    this.#discard();
    this.#settle('broken');
  }

  /** The answer is this one, whatever the handler makes from here on. */
  finish(response: PlainResponse): void {
    if (this.settled) return;
    this.#head.hide();
    if (!this.#outerAnswered) this.#discard();
    this.#resolveWith(response, 'whole');
  }

  /** Does what the guard says. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (this.#outerAnswered) return;
    const held = this.#held;
    this.#phase = 'writing';
    held?.open();
    this.#head.hide();
    if (answer.kind === 'send' && held !== undefined) {
      if (!this.#headSent) this.#head.goOut(answer.marks, this.originals);
      this.#sent = true;
      held.send(this.originals);
      this.#phase = 'discarding';
    } else this.#answerInstead(answer);
    held?.close();
  }

  /** Somebody else's answer goes out, or none at all. */
  #answerInstead(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (answer.kind === 'answer' && !this.#headSent) {
      this.#head.reset();
      writeAnswer(this.#response, answer.response, this.originals);
    } else {
      this.#held?.letGo();
      this.originals.destroy.call(this.#response);
    }
    this.#discard();
  }

  get #isSilent(): boolean {
    return this.#phase === 'held' || this.#phase === 'discarding';
  }

  #discard(): void {
    this.#phase = 'discarding';
    overrideHeaderFunctions(this.#response);
  }

  #endOnce(chunk: unknown, encoding: unknown, callback: unknown): void {
    const bytes = isCallback(chunk) ? undefined : toBytes(chunk, encoding);
    const invalid = bytes === undefined && chunk && !isCallback(chunk);
    if (invalid || !isStatus(this.#head.isNoted ? this.#head.status : this.#response.statusCode)) {
      this.originals.write.call(this.#response, chunk, encoding);
      return;
    }
    this.#noteHead();
    if (this.#isOuterAnswer()) this.originals.end.call(this.#response, chunk, encoding, callback);
    else this.#hold(bytes, [chunk, encoding, callback]);
  }

  #hold(bytes: Uint8Array | undefined, call: EndCall): void {
    this.#phase = 'held';
    this.#held = new HeldEnd(this.#response, call);
    if (!this.#headSent && !isDestroyed(this.#response)) this.#head.show();
    const { declaredLength, status } = this.#head;
    const body = this.#pieces?.whole(bytes) ?? bytes ?? noBody;
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
    this.#head.goOutFirst(this.originals);
    this.#headSent = true;
    this.#phase = 'passing';
  }

  #isOuterAnswer(): boolean {
    if (this.#phase !== 'holding' || !maySpeakForOthers(this.#head.status) || !isOutside(this.#parts)) return false;
    this.#head.goOut({ headers: [], without: [] }, this.originals);
    this.#letOuterAnswer();
    return true;
  }

  /** The answer of somebody in front of the guard goes out as it is; the handler's own outcome is waited for. */
  #letOuterAnswer(): void {
    this.#outerAnswered = true;
    this.#headSent = true;
    this.#phase = 'writing';
    overrideHeaderFunctions(this.#response);
    this.#patience = new Patience(this.#parts, () => this.giveUp());
    if (!this.#returnIsSeen) this.#patience.restart();
  }

  /** The handler has come to its own end, but somebody else has answered: that it is done is all that is kept. */
  #endUnheard(state: 'too-large' | 'broken'): void {
    if (this.settled) return;
    this.#head.forgetAnswer();
    this.#settle(state);
  }

  #settle(state: CapturedResponse['state'], body = this.#pieces?.whole() ?? noBody): void {
    const { status, headers } = this.#head;
    this.#resolveWith({ status, headers, body }, state);
  }

  #resolveWith({ status, headers, body }: PlainResponse, state: CapturedResponse['state']): void {
    this.settled = true;
    this.#patience?.stop();
    const headSent = this.#headSent;
    this.#answer.resolve({ status, headers, body, state, headSent, stillRunning: () => this.#returning });
  }
}
