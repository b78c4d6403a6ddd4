/**
 * Captures what a handler writes to a `node:http` response.
 *
 * An answer that is written at once, by `end` alone, is held back whole. One that is written in pieces goes through
 * undelayed and is gathered on its way; only its end is held back. The response looks as it would without the layer.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { CapturedResponse, GuardAnswer, Header, PlainResponse } from '../../http/exchange.ts';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';
import { marksOfHead } from '../../http/response/marks.ts';
import { mayHaveBody } from '../../http/response/status.ts';
import { isOutside, maySpeakForOthers } from '../outer-answer.ts';
import { ClientGone } from './client-gone.ts';
import { HeldEnd } from './held-end.ts';
import { type CaptureParts, Patience } from './patience.ts';
import { NodeResponseHead } from './response-head.ts';
import { isStatus } from './response-headers.ts';
import { type Capture, install, type Originals } from './response-overrides.ts';
import { acknowledge, headersSent, isCallback, isCutFromHere, isDestroyed, toBytes } from './response-writes.ts';
import { writeAnswer } from './write-answer.ts';

/**
 * - `holding`: nothing has gone out.
 * - `passing`: the head is out and the body follows as it is written.
 * - `held`: the answer is complete; its end waits for the decision.
 * - `discarding`: what the handler writes is dropped.
 * - `writing`: the layer, or somebody in front of it, answers; calls go to the functions that were there before.
 */
type Phase = 'holding' | 'passing' | 'held' | 'discarding' | 'writing';

/** One response while the layer has it. */
export class NodeResponseCapture implements Capture {
  /** Resolves when the handler has ended the response, or can't any more. Never rejects. */
  readonly captured: Promise<CapturedResponse>;
  readonly originals: Originals;
  settled = false;
  #returnIsSeen = false;
  #resolve: (captured: CapturedResponse) => void = () => {};
  readonly #response: ServerResponse;
  readonly #parts: CaptureParts;
  readonly #gatherer: ByteGatherer;
  readonly #head: NodeResponseHead;
  #phase: Phase = 'holding';
  #headSent = false;
  #sent = false;
  #hasReturned = false;
  /** Somebody in front of the guard has answered. */
  #outerAnswered = false;
  /** The handler failed after its client had gone, which may be all that is wrong. */
  #failedForNobody = false;
  #gone: ClientGone | undefined;
  #patience: Patience | undefined;
  #held: HeldEnd | undefined;

  constructor(response: ServerResponse, parts: CaptureParts) {
    this.captured = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#response = response;
    this.#parts = parts;
    this.#gatherer = new ByteGatherer(parts.maxResponseBytes);
    this.#head = new NodeResponseHead(response, parts.before);
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
    return this.#returnIsSeen ? this.#hasReturned : this.#head.isNoted || this.sawClientGo;
  }

  /** The layer's own answer goes out, so that the handler's header calls mean nothing. */
  get ignoresHeaders(): boolean {
    return this.#phase === 'discarding' && !this.#sent;
  }

  write(chunk: unknown, encoding: unknown, callback: unknown): boolean {
    if (this.#outerAnswered && !isOutside(this.#parts.inside)) this.#endUnheard('too-large');
    else if (this.#phase === 'writing') return this.originals.write.call(this.#response, chunk, encoding, callback);
    if (this.#isSilent || this.#outerAnswered) return this.#drop(encoding, callback);
    const bytes = toBytes(chunk, encoding);
    // Node says what is wrong with a chunk that it refuses.
    if (bytes === undefined) return this.originals.write.call(this.#response, chunk, encoding, callback);
    this.#noteHead();
    if (this.#isOuterAnswer()) return this.originals.write.call(this.#response, chunk, encoding, callback);
    if (this.#gatherer.size + bytes.length >= this.#head.declaredLength) {
      this.#hold(bytes, new HeldEnd(this.#response, [chunk, encoding, callback]));
      return true;
    }
    this.#open();
    return this.#forward(bytes, chunk, encoding, callback);
  }

  end(chunk: unknown, encoding: unknown, callback: unknown): void {
    if (this.#outerAnswered && !isOutside(this.#parts.inside)) this.#endUnheard('too-large');
    else if (this.#phase === 'writing') this.originals.end.call(this.#response, chunk, encoding, callback);
    else if (this.#isSilent) this.#endSilently(chunk, encoding, callback);
    else this.#endOnce(chunk, encoding, callback);
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
    if (this.#outerAnswered && !isOutside(this.#parts.inside)) this.#endUnheard('too-large');
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
    if (this.#headSent && isCutFromHere(this.#response)) this.giveUp();
    else this.#gone = new ClientGone(this.#response, this, this.#wait(), this.#parts.signs);
  }

  /** It is seen when the handler returns: {@link returned} will be called. */
  awaitReturn(): void {
    this.#returnIsSeen = true;
    this.#patience?.stop();
  }

  /** The handler has returned. Something that it left running may still write. */
  returned(): void {
    this.#hasReturned = true;
    if (this.#outerAnswered) this.#endUnheard('too-large');
    else this.#gone?.expectWrites();
  }

  /** Nothing more is to come from the handler. */
  giveUp(): void {
    if (this.#outerAnswered) this.#endUnheard('broken');
    if (this.settled) return;
    this.#noteHead();
    this.#phase = 'discarding';
    this.#settle('broken');
  }

  /** The answer is this one, whatever the handler makes from here on. */
  finish(response: PlainResponse): void {
    if (this.settled) return;
    this.#head.hide();
    if (!this.#outerAnswered) this.#phase = 'discarding';
    this.settled = true;
    this.#patience?.stop();
    this.#resolve({ ...response, state: 'whole', headSent: this.#headSent });
  }

  /** Does what the layer says. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (this.#outerAnswered) return;
    this.#phase = 'writing';
    this.#head.hide();
    this.#held?.open();
    if (answer.kind === 'answer' && !this.#headSent) {
      this.#head.reset();
      writeAnswer(this.#response, answer.response, this.originals);
    } else if (answer.kind === 'send' && this.#held !== undefined) {
      if (!this.#headSent) this.#head.goOut(answer.marks, this.originals);
      this.#sent = true;
      this.#held.send(this.originals);
    } else {
      this.#held?.letGo();
      this.originals.destroy.call(this.#response);
    }
    this.#phase = 'discarding';
    this.#held?.close();
  }

  get #isSilent(): boolean {
    return this.#phase === 'held' || this.#phase === 'discarding';
  }

  #drop(encoding: unknown, callback: unknown): boolean {
    if (this.#held?.refusesMore !== true) return acknowledge(encoding, callback);
    return this.#held.refuse(isCallback(encoding) ? encoding : callback);
  }

  #endSilently(chunk: unknown, encoding: unknown, callback: unknown): void {
    const found = [chunk, encoding, callback].find(isCallback);
    if (chunk && !isCallback(chunk) && this.#held?.refusesMore === true) this.#held.refuse(found);
    else if (found !== undefined) this.#response.once('finish', found);
    if (this.#phase === 'held') this.#held?.show(this.#headSent);
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
    else {
      this.#hold(bytes, new HeldEnd(this.#response, [chunk, encoding, callback]));
      this.#held?.show(this.#headSent);
    }
  }

  #hold(bytes: Uint8Array | undefined, held: HeldEnd): void {
    if (bytes !== undefined) this.#gatherer.add(bytes);
    this.#phase = 'held';
    this.#held = held;
    if (!this.#headSent && !isDestroyed(this.#response)) this.#head.show();
    const { declaredLength, status } = this.#head;
    const isCutShort = this.#gatherer.size < declaredLength && mayHaveBody(status);
    const isBroken = this.#failedForNobody || isCutShort;
    this.#settle(this.#gatherer.tooLarge ? 'too-large' : isBroken ? 'broken' : 'whole');
  }

  #noteHead(headers?: readonly Header[]): void {
    if (this.#head.isNoted) return;
    this.#head.note(headers);
    if (this.#gone === undefined) return;
    this.#failedForNobody = this.sawClientGo && this.#head.status >= 500;
    this.#gone.expectWrites();
  }

  #open(): void {
    if (this.#headSent) return;
    this.#head.goOut(marksOfHead(this.#head.status, this.#head.headers), this.originals);
    if (isDestroyed(this.#response)) this.#head.show();
    this.#headSent = true;
    this.#phase = 'passing';
  }

  #forward(bytes: Uint8Array, chunk: unknown, encoding: unknown, callback: unknown): boolean {
    // The writer may use its buffer again as soon as the write is acknowledged.
    if (!this.#gatherer.tooLarge) this.#gatherer.add(typeof chunk === 'string' ? bytes : Buffer.from(bytes));
    if (isDestroyed(this.#response)) {
      this.#gone?.expectWrites();
      return acknowledge(encoding, callback);
    }
    const flowing = this.originals.write.call(this.#response, chunk, encoding, callback);
    // What is gathered is in memory anyway: holding the handler up would only make storing depend on the client.
    return flowing || !this.#gatherer.tooLarge;
  }

  #wait(): Patience {
    this.#patience = new Patience(this.#parts, () => this.giveUp());
    return this.#patience;
  }

  #isOuterAnswer(): boolean {
    const { status } = this.#head;
    if (this.#phase !== 'holding' || !maySpeakForOthers(status) || !isOutside(this.#parts.inside)) return false;
    this.#head.goOut({ headers: [], without: [] }, this.originals);
    this.#letOuterAnswer();
    return true;
  }

  /** The answer of somebody in front of the guard goes out as it is; the handler's own outcome is waited for. */
  #letOuterAnswer(): void {
    this.#outerAnswered = true;
    this.#headSent = true;
    this.#phase = 'writing';
    const patience = this.#wait();
    if (!this.#returnIsSeen) patience.restart();
  }

  /** The handler has come to its own end, but somebody else has answered: that it is done is all that is kept. */
  #endUnheard(state: 'too-large' | 'broken'): void {
    if (this.settled) return;
    const { statusCode } = this.#response;
    this.#head.status = statusCode === this.#head.status ? 200 : statusCode;
    this.#head.headers = [];
    this.#settle(state);
  }

  #settle(state: CapturedResponse['state']): void {
    this.settled = true;
    this.#patience?.stop();
    const { status, headers } = this.#head;
    this.#resolve({ status, headers, body: this.#gatherer.whole(), state, headSent: this.#headSent });
  }
}
