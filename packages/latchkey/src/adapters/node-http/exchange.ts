/**
 * One request and response of `node:http` on their way through the layer.
 *
 * @module
 */

import { IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { LatchkeyError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import {
  type CapturedResponse,
  Exchange,
  type GuardAnswer,
  type PlainResponse,
  type RequestBody,
} from '../../http/exchange.ts';
import { runInside, takeEventsInside } from '../outer-answer.ts';
import { type CaptureParts, signsOfClose } from './client-gone.ts';
import { type FrameworkRequest, http2StreamOf, isReceived, isUnread } from './request.ts';
import { readNodeBody } from './request-body.ts';
import { NodeResponseCapture } from './response-capture.ts';
import { isDestroyed } from './response-head.ts';
import { writeAnswer, writeEarlyAnswer } from './write-answer.ts';

const signsOfNode = [...signsOfClose, 'writableEnded'];

const none: readonly string[] = [];

/** Marks a response that a guard has. */
const taken = Symbol('latchkey.taken');

/** The adapter's half of a request's way through the guard; the request may have been parsed before. */
export abstract class NodeExchange<Native extends FrameworkRequest, Kind extends TransactionKind, Finished>
  extends Exchange<Native, Kind, Finished>
  implements CaptureParts
{
  readonly native: Native;
  readonly method: string;
  readonly target: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Whether somebody had read the body, or begun to, when the request came to the guard. */
  readonly #wasRead: boolean;
  readonly #wasOpen: boolean;
  #capture: NodeResponseCapture | undefined;

  /**
   * @param native - the framework's request, where parsers leave what they make of the body.
   * @param target - the whole path and query: frameworks rewrite `request.url`.
   * @throws LatchkeyError `guard-mounted-twice`.
   */
  constructor(native: Native, request: IncomingMessage, response: ServerResponse, target: string) {
    super();
    if (taken in response) throw mountedTwice();
    this.native = native;
    this.method = request.method ?? 'GET';
    this.target = target;
    this.#request = request;
    this.#response = response;
    this.#wasRead = request.readableDidRead;
    this.#wasOpen = isOpen(request);
  }

  /** Runs the handler; a promise tells when it has returned, where the framework lets one know. */
  abstract run(): Promise<unknown> | undefined;

  /** Told when `finish` has committed; gives what that resolves with. */
  protected abstract whenFinished(): Finished;

  headers(lowerName: string): readonly string[] {
    const value = this.native.headers[lowerName];
    return value === undefined ? none : headerLines(this.#request, lowerName, value);
  }

  body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return readNodeBody(this.#request, this.native, limitBytes);
  }

  /**
   * Not if nobody can get the answer any more: the client has left, or somebody else, a timeout for one, has begun to
   * answer. Nor if the connection was closed under a body that is still to be read: parsers leave such a request alone,
   * or fail, and an answer made without the body would be kept for the one that had it.
   */
  override mayBegin(): boolean {
    const { headersSent, writableEnded } = this.#response;
    if (headersSent || writableEnded) return false;
    const isReadable = !this.#wasOpen || isOpen(this.#request) || !isUnread(this.#request, this.#wasRead);
    return isReadable && !isDestroyed(this.#response);
  }

  /** What libraries look at to find out that the client has gone: on-finished looks at `writableEnded`. */
  get signs(): readonly string[] {
    return signsOfNode;
  }

  execute(): Promise<CapturedResponse> {
    const capture = new NodeResponseCapture(this.#response, this, this.#response.getHeaders());
    this.#capture = capture;
    const returned = this.runIn();
    if (returned !== undefined) capture.follow(returned);
    return capture.captured;
  }

  /**
   * Captures what is written to the response from here on.
   *
   * @param before - the headers that were set before the guard.
   */
  protected captureRaw(before: OutgoingHttpHeaders): NodeResponseCapture {
    this.#capture = new NodeResponseCapture(this.#response, this, before);
    return this.#capture;
  }

  /** Runs the handler, so that what it does is known for its own. */
  protected runIn(): Promise<unknown> | undefined {
    (this.#response as ServerResponse & { [taken]: boolean })[taken] = true;
    keepReadable(this.#request);
    if (!isTakenIn(this.#request)) takeEventsInside(this, this.#request);
    return runInside(this);
  }

  finished(response: PlainResponse): Finished {
    this.#capture?.finish(response);
    return this.whenFinished();
  }

  override get sawClientGo(): boolean {
    return this.#capture?.sawClientGo === true;
  }

  /** Whether somebody else has begun to answer a request whose handler wasn't run. */
  protected get isAnswered(): boolean {
    return this.#capture === undefined && this.#response.headersSent;
  }

  /** Does what the layer says; the caller has dealt with `pass`. */
  conclude(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (this.#capture !== undefined) this.#capture.conclude(answer);
    else if (this.isAnswered) return;
    else if (answer.kind !== 'answer') this.#response.destroy();
    else if (this.#request.destroyed || isReceived(this.#request)) {
      leaveUnread(this.#request);
      writeAnswer(this.#response, answer.response);
    } else writeEarlyAnswer(this.#request, this.#response, answer.response);
  }
}

/**
 * The lines of a header. What the application sees counts: middleware and adapters for Lambda set headers that never
 * came as lines. The lines only tell whether a value was joined from several, or is the first of several.
 *
 * @param value - what the application sees. Middleware may have set anything, a number for one.
 */
function headerLines(request: IncomingMessage, name: string, value: unknown): readonly string[] {
  const rawHeaders = request.rawHeaders ?? none;
  if (value === undefined || value === null) return none;
  if (Array.isArray(value)) return value.map(String);
  const seen = String(value);
  let lines: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    // Comparing lengths first spares nearly all of the case folding.
    if (header.length !== name.length || (header !== name && header.toLowerCase() !== name)) continue;
    if (lines === undefined) lines = [rawHeaders[index + 1] as string];
    else lines.push(rawHeaders[index + 1] as string);
  }
  return lines !== undefined && lines.length > 1 && isMadeFrom(lines, seen) ? lines : [seen];
}

/** Node joins repeated lines by a comma, those of Cookie by a semicolon, and drops those that must be single. */
function isMadeFrom(lines: readonly string[], value: string): boolean {
  return value === lines[0] || value === lines.join(', ') || value === lines.join('; ');
}

/**
 * False once the connection of a request is closed. One of which the client has only ended its half is open where the
 * server still answers on it (`httpAllowHalfOpen`). Adapters for Lambda have no connection; theirs is never open.
 */
function isOpen(request: IncomingMessage): boolean {
  const stream = request.httpVersionMajor === 2 ? http2StreamOf(request) : undefined;
  if (stream !== undefined) return !stream.closed && !stream.destroyed;
  return !request.destroyed && (request.socket?.readable === true || request.socket?.writable === true);
}

/**
 * Parsers behind the guard, which waits, would leave a request alone, or fail, that looks as if it had been read:
 * adapters for Lambda mark it as soon as the application has returned, and the parsers of Express 5 look at the
 * connection, which can't be read any more once the client has ended its half.
 */
function keepReadable(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  if (!request.readable) request.readable = true;
  if (request.socket?.readable === false && request.socket.writable) showReadable(request);
}

const readable = { value: true, configurable: true };

/** The body is here; its connection looks open until it was read, or the request is over. */
function showReadable(request: IncomingMessage): void {
  const { socket } = request;
  Object.defineProperty(socket, 'readable', readable);
  const hide = () => Reflect.deleteProperty(socket, 'readable');
  request.once('end', hide).once('close', hide);
}

/** True if all of the message has gone into the request, its end too: nothing comes out of the connection any more. */
function isTakenIn(request: IncomingMessage): boolean {
  return request.complete && request._read === IncomingMessage.prototype._read;
}

/** What `node:http` keeps on a request: whether somebody reads it. */
interface Internals {
  _consumed?: boolean;
}

/** Node reads what nobody has read to its end when the answer is out; a body that is all here need not be. */
function leaveUnread(request: IncomingMessage & Internals): void {
  if (request._consumed === false && isTakenIn(request)) request._consumed = true;
}

function mountedTwice(): LatchkeyError {
  return new LatchkeyError(
    'guard-mounted-twice',
    'Two guards handle this request. Mount one, and use with() for routes.',
  );
}
