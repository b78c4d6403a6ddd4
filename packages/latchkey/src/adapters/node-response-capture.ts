/**
 * Captures what a handler writes to a `node:http` response.
 *
 * An answer that is written at once, by `end` alone, is held back whole. One that is written in pieces goes through
 * undelayed and is gathered on its way; only its end is held back.
 *
 * @module
 */

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { CapturedResponse, CaptureLimits, Field, GuardAnswer, Marks, PlainResponse } from '../http/exchange.ts';
import { marksOfHead } from '../http/marks.ts';
import { mayHaveBody } from '../http/status.ts';
import { ByteGatherer } from './byte-gatherer.ts';
import { writeAnswer } from './node-answer.ts';
import {
  applyHead,
  applyMarks,
  fieldsOfHead,
  fieldsSetSince,
  type HeaderSnapshot,
  isStatus,
  restoreHeaders,
  snapshotHeaders,
} from './node-fields.ts';
import { type Capture, install, type Originals, showEnded } from './node-response-overrides.ts';

type Callback = () => void;

/**
 * - `holding`: nothing has gone out.
 * - `passing`: the head is out and the body follows as it is written.
 * - `held`: the handler has ended the response; its end waits for the verdict.
 * - `discarding`: what the handler writes is dropped.
 * - `writing`: the verdict is being carried out; calls go to the functions that were there before.
 */
type Phase = 'holding' | 'passing' | 'held' | 'discarding' | 'writing';

/** The end that is held back. */
type HeldEnd = readonly [chunk: unknown, encoding: unknown, callback: unknown];

/** Where the handler's signal is; asked for only when it is needed, since it is made on demand. */
interface HasSignal {
  readonly signal: AbortSignal;
}

/** One response while the layer has it. */
export class NodeResponseCapture implements Capture {
  /** Resolves when the handler has ended the response, or can't any more. Never rejects. */
  readonly captured: Promise<CapturedResponse>;
  readonly originals: Originals;
  /** True from the moment when nothing that the handler writes changes the answer. */
  settled = false;
  #resolve: (captured: CapturedResponse) => void = () => {};
  readonly #response: ServerResponse;
  readonly #context: HasSignal;
  readonly #before: HeaderSnapshot;
  readonly #gatherer: ByteGatherer;
  #phase: Phase = 'holding';
  #headSent = false;
  #pipeTakenOver = false;
  #status = 0;
  #statusMessage = '';
  #fields: Field[] = [];
  /** The fields of a head that was written in one go and not changed since. */
  #wholeHead: Field[] | undefined;
  #declaredLength = Number.NaN;
  #end: HeldEnd | undefined;

  /** @param before - the fields that were set before the layer was entered. */
  constructor(response: ServerResponse, context: HasSignal, limits: CaptureLimits, before: OutgoingHttpHeaders) {
    this.captured = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#response = response;
    this.#context = context;
    this.#before = snapshotHeaders(before);
    this.#gatherer = new ByteGatherer(limits.maxResponseBytes);
    this.originals = install(response, this);
  }

  get silent(): boolean {
    return this.#phase === 'held' || this.#phase === 'discarding';
  }

  write(chunk: unknown, encoding: unknown, callback: unknown): boolean {
    if (this.#phase === 'writing') return this.originals.write.call(this.#response, chunk, encoding, callback);
    if (this.silent) return acknowledge(typeof encoding === 'function' ? encoding : callback);
    const bytes = toBytes(chunk, encoding);
    // Node says what is wrong with a chunk that is none.
    if (bytes === undefined) return this.originals.write.call(this.#response, chunk, encoding, callback);
    if (this.#phase === 'holding') this.#noteHead();
    if (this.#gatherer.size + bytes.length >= this.#declaredLength) {
      this.#hold(bytes, [chunk, encoding, callback]);
      return true;
    }
    this.#open();
    return this.#forward(bytes, chunk, encoding, callback);
  }

  end(chunk: unknown, encoding: unknown, callback: unknown): void {
    if (this.#phase === 'writing') this.originals.end.call(this.#response, chunk, encoding, callback);
    else if (this.silent) this.#onFinish([chunk, encoding, callback].find(isCallback));
    else this.#endOnce(chunk, encoding, callback);
  }

  writeHead(args: readonly unknown[]): void {
    if (this.silent) return;
    // A status that is none: Node throws the right error.
    if (this.#phase !== 'holding' || !isStatus(args[0])) Reflect.apply(this.originals.writeHead, this.#response, args);
    else this.#applyHead(args);
  }

  headChanged(): void {
    this.#wholeHead = undefined;
  }

  flushHeaders(): void {
    if (this.silent) return;
    if (this.#phase === 'holding') this.#noteHead();
    if (this.#phase !== 'writing') this.#open();
    this.originals.flushHeaders.call(this.#response);
  }

  /** The handler has destroyed the response. */
  destroyed(): void {
    if (this.#phase !== 'writing') this.giveUp();
  }

  /** The connection is gone, and the handler may go on: only an error handler that cut it has ended the answer. */
  closed(): void {
    if (this.settled) return;
    if (this.#headSent && isCutFromHere(this.#response)) this.giveUp();
    else if (this.#context.signal.aborted) this.giveUp();
    else this.#context.signal.addEventListener('abort', () => this.giveUp());
  }

  /** The handler has returned: with nobody left to answer to, it answers no more, but a pipe may still run. */
  returned(): void {
    if (this.#pipeTakenOver) return;
    if (this.#response.destroyed) this.giveUp();
    else if (!this.settled) this.#response.once('close', () => this.returned());
  }

  /** Nothing more is to come from the handler. */
  giveUp(): void {
    if (this.settled) return;
    if (this.#phase === 'holding') this.#noteHead();
    this.#phase = 'discarding';
    this.#settle('broken');
  }

  /** The answer is this one, whatever the handler makes from here on. */
  finish(response: PlainResponse): void {
    if (this.settled) return;
    this.#phase = 'discarding';
    this.settled = true;
    this.#resolve({ ...response, state: 'whole', headSent: this.#headSent });
  }

  /** Does what the layer says. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    this.#phase = 'writing';
    if (answer.kind === 'answer' && !this.#headSent) this.#replace(answer.response);
    else if (answer.kind === 'send' && this.#end !== undefined) this.#send(this.#end, answer.marks);
    else this.originals.destroy.call(this.#response);
    this.#phase = 'discarding';
  }

  #endOnce(chunk: unknown, encoding: unknown, callback: unknown): void {
    const bytes = isCallback(chunk) ? undefined : toBytes(chunk, encoding);
    const invalid = bytes === undefined && chunk && !isCallback(chunk);
    if (invalid || !isStatus(this.#response.statusCode)) {
      this.originals.write.call(this.#response, chunk, encoding);
      return;
    }
    if (this.#phase === 'holding') this.#noteHead();
    this.#hold(bytes, [chunk, encoding, callback]);
  }

  #hold(bytes: Uint8Array | undefined, end: HeldEnd): void {
    if (bytes !== undefined) this.#gatherer.add(bytes);
    this.#phase = 'held';
    this.#end = end;
    showEnded(this.#response);
    this.#settle(this.#gatherer.tooLarge ? 'too-large' : this.#isCutShort() ? 'broken' : 'whole');
  }

  #isCutShort(): boolean {
    return this.#gatherer.size < this.#declaredLength && mayHaveBody(this.#status);
  }

  #applyHead(args: readonly unknown[]): void {
    const head = fieldsOfHead(this.#response, args[2] ?? args[1], this.#before);
    // A field that can't be sent makes the next line throw.
    this.#wholeHead = undefined;
    applyHead(this.#response, args, this.originals);
    this.#wholeHead = head;
  }

  /** Remembers the head before the functions of earlier middleware see it: they add a content coding, for one. */
  #noteHead(): void {
    this.#status = this.#response.statusCode;
    this.#statusMessage = this.#response.statusMessage;
    this.#fields = this.#wholeHead ?? fieldsSetSince(this.#response, this.#before);
    this.#declaredLength = Number.parseInt(String(this.#response.getHeader('content-length')), 10);
  }

  #open(): void {
    if (this.#headSent) return;
    applyMarks(this.#response, marksOfHead(this.#status, this.#fields), this.originals);
    this.#headSent = true;
    this.#phase = 'passing';
    this.#response.on('unpipe', (source: Readable) => this.#takeOver(source));
  }

  #forward(bytes: Uint8Array, chunk: unknown, encoding: unknown, callback: unknown): boolean {
    // The writer may use its buffer again as soon as the write is acknowledged.
    if (!this.#gatherer.tooLarge) this.#gatherer.add(typeof chunk === 'string' ? bytes : Buffer.from(bytes));
    if (this.#response.destroyed) return acknowledge(isCallback(encoding) ? encoding : callback);
    const flowing = this.originals.write.call(this.#response, chunk, encoding, callback);
    // What is gathered is in memory anyway: holding the handler up would only make storing depend on the client.
    return flowing || !this.#gatherer.tooLarge;
  }

  /** A pipe stops when its destination closes; the rest of its source still belongs to the answer. */
  #takeOver(source: Readable): void {
    if (this.settled || !this.#response.destroyed) return;
    this.#pipeTakenOver = true;
    source.on('data', (chunk: unknown) => this.write(chunk, undefined, undefined));
    source.on('end', () => this.end(undefined, undefined, undefined));
    source.on('close', () => this.giveUp());
    source.resume();
  }

  #settle(state: CapturedResponse['state']): void {
    this.settled = true;
    this.#resolve({
      status: this.#status,
      fields: this.#fields,
      body: this.#gatherer.whole(),
      state,
      headSent: this.#headSent,
    });
  }

  #send(end: HeldEnd, marks: Marks): void {
    const response = this.#response;
    if (!this.#headSent) {
      response.statusCode = this.#status;
      response.statusMessage = this.#statusMessage;
      applyMarks(response, marks, this.originals);
    }
    Reflect.apply(this.originals.end, response, end);
  }

  #replace(answer: PlainResponse): void {
    restoreHeaders(this.#response, this.#before);
    this.#response.statusMessage = '';
    writeAnswer(this.#response, answer, this.originals);
  }

  #onFinish(callback: Callback | undefined): void {
    if (callback !== undefined) this.#response.once('finish', callback);
  }
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

function acknowledge(callback: unknown): true {
  if (isCallback(callback)) process.nextTick(callback);
  return true;
}

function toBytes(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

/** True if neither the client closed its side nor the network failed. */
function isCutFromHere(response: ServerResponse): boolean {
  const socket = response.socket;
  return socket !== null && !socket.readableEnded && !socket.errored;
}
