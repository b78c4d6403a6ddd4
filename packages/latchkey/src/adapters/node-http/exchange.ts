/**
 * One request and response of `node:http` in the layer.
 *
 * @module
 */

import { IncomingMessage, type ServerResponse } from 'node:http';
import { LatchkeyError } from '../../core/errors.ts';
import type { TransactionKind } from '../../core/store.ts';
import {
  type AnyExchange,
  type CapturedResponse,
  Exchange,
  type GuardAnswer,
  type PeekRequest,
  type PlainResponse,
  type RequestBody,
} from '../../http/exchange.ts';
import { runInside, takeEventsInside } from '../outer-answer.ts';
import { type CaptureParts, signsOfClose } from './client-gone.ts';
import { type FrameworkRequest, http2StreamOf, isReceived } from './request.ts';
import { readNodeBody } from './request-body.ts';
import { NodeResponseCapture } from './response-capture.ts';
import { type HeaderSnapshot, isDestroyed } from './response-head.ts';
import { writeAnswer, writeEarlyAnswer } from './write-answer.ts';

const signsOfNode = [...signsOfClose, 'writableEnded'];

const none: readonly string[] = [];

/** Marks a response with the exchange that runs its handler. */
const taken = Symbol('latchkey.taken');

/** The adapter's part of the exchange; the body may already be parsed. */
export abstract class NodeExchange<Native extends FrameworkRequest, Kind extends TransactionKind, Finished>
  extends Exchange<Native, Kind, Finished>
  implements CaptureParts
{
  readonly native: Native;
  readonly method: string;
  readonly target: string;
  hasReturned = false;
  /** The headers that were set before the guard but belong to the handler's answer, in lower case. */
  protected declared: readonly string[] = none;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Whether other code had read the body, or begun to, when the request reached the guard. */
  readonly #wasRead: boolean;
  readonly #wasOpen: boolean;
  #capture: NodeResponseCapture | undefined;

  /**
   * @param native - the framework's request, on which parsers store the parsed body.
   * @param target - the complete path and query, since frameworks rewrite `request.url`.
   * @throws LatchkeyError `guard-mounted-twice`.
   */
  constructor(native: Native, request: IncomingMessage, response: ServerResponse, target: string) {
    super();
    if (taken in response) throw mountedTwice(response as TakenResponse);
    this.native = native;
    this.method = request.method ?? 'GET';
    this.target = target;
    this.#request = request;
    this.#response = response;
    this.#wasRead = request.readableDidRead;
    this.#wasOpen = isOpen(request);
  }

  /** Runs the handler; returns a promise for its return if the framework provides one. */
  abstract run(): Promise<unknown> | undefined;

  /** Called when `finish` has committed; returns the value to which that resolves. */
  protected abstract whenFinished(): Finished;

  headers(lowerName: string): readonly string[] {
    const value = this.native.headers[lowerName];
    return value === undefined ? none : headerLines(this.#request, lowerName, value);
  }

  body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return readNodeBody(this.#request, this.native, limitBytes);
  }

  /**
   * False if the answer can no longer be sent: the client has disconnected, or other code, such as a timeout, has begun
   * to answer. False too if the connection closed before the body was read: parsers skip such a request, or fail, and
   * an answer without the body would be stored for the request with it.
   */
  override mayBegin(): boolean {
    const { headersSent, writableEnded } = this.#response;
    if (headersSent || writableEnded) return false;
    const isReadable = !this.#wasOpen || isOpen(this.#request) || !isUnread(this.#request, this.#wasRead);
    return isReadable && !isDestroyed(this.#response);
  }

  /**
   * The properties from which libraries detect that the client has disconnected: on-finished checks `writableEnded`.
   */
  get signs(): readonly string[] {
    return signsOfNode;
  }

  execute(): Promise<CapturedResponse> {
    const before = this.#response.getHeaders();
    for (const name of this.declared) before[name] = undefined;
    const capture = new NodeResponseCapture(this.#response, this, before);
    this.#capture = capture;
    const returned = this.runIn();
    if (returned !== undefined) capture.follow(returned);
    return capture.captured;
  }

  /**
   * Captures all further writes to the response.
   *
   * @param before - the headers that were set before the guard.
   */
  protected captureRaw(before: HeaderSnapshot): NodeResponseCapture {
    this.#capture = new NodeResponseCapture(this.#response, this, before);
    return this.#capture;
  }

  /** Runs the handler in its own asynchronous context, so that its calls can be recognised. */
  protected runIn(): Promise<unknown> | undefined {
    (this.#response as TakenResponse)[taken] = this;
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

  /** Whether other code has begun to answer a request whose handler has not run. */
  protected get isAnswered(): boolean {
    return this.#capture === undefined && this.#response.headersSent;
  }

  /** Whether the handler has given its answer, which may still be held. */
  protected get isSettled(): boolean {
    return this.#capture?.settled === true;
  }

  /** Carries out the layer's answer; the caller has handled `pass`. */
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

/** Returns the parts of a request that `peek` needs. The parameters are those of {@link NodeExchange}. */
export function requestToPeek<Native extends FrameworkRequest>(
  native: Native,
  request: IncomingMessage,
  target: string,
): PeekRequest<Native> {
  return {
    native,
    method: request.method ?? 'GET',
    target,
    headers: (lowerName) => headerLines(request, lowerName, native.headers[lowerName]),
    body: (limitBytes) => readNodeBody(request, native, limitBytes),
  };
}

/**
 * Returns the lines of a header. The application's view takes precedence: middleware and Lambda adapters set headers
 * that were never received as lines. The raw lines only show whether a value was joined from several lines, or is the
 * first of several.
 *
 * @param value - the value that the application sees. Middleware may have set any type, such as a number.
 */
function headerLines(request: IncomingMessage, name: string, value: unknown): readonly string[] {
  const rawHeaders = request.rawHeaders ?? none;
  if (value === undefined || value === null) return none;
  if (Array.isArray(value)) return value.map(String);
  const seen = String(value);
  let first: string | undefined;
  let lines: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    // Comparing lengths first avoids nearly all case conversions.
    if (header.length !== name.length || (header !== name && header.toLowerCase() !== name)) continue;
    const line = rawHeaders[index + 1] as string;
    if (first === undefined) first = line;
    else if (lines === undefined) lines = [first, line];
    else lines.push(line);
  }
  return lines !== undefined && isMadeFrom(lines, seen) ? lines : [seen];
}

/**
 * Node joins repeated lines with a comma, those of Cookie with a semicolon, and drops repeats of single-value headers.
 */
function isMadeFrom(lines: readonly string[], value: string): boolean {
  return value === lines[0] || value === lines.join(', ') || value === lines.join('; ');
}

/** True if the body is unread: it was not read before the guard, or the guard has put it back. */
function isUnread(request: IncomingMessage, wasRead: boolean): boolean {
  return !request.readableEnded && (!wasRead || request.readableLength > 0);
}

/**
 * False once the connection of a request is closed. A half-closed connection counts as open if the server still answers
 * on it (`httpAllowHalfOpen`). Requests of Lambda adapters have no connection, so theirs is never open.
 */
function isOpen(request: IncomingMessage): boolean {
  const stream = request.httpVersionMajor === 2 ? http2StreamOf(request) : undefined;
  if (stream !== undefined) return !stream.closed && !stream.destroyed;
  return !request.destroyed && (request.socket?.readable === true || request.socket?.writable === true);
}

/**
 * Makes a request readable again for parsers after the guard, which skip a request, or fail, if it looks already read:
 * Lambda adapters mark a request as read as soon as the application has returned, and the parsers of Express 5 check
 * the connection, which is no longer readable once the client has ended its side.
 */
function keepReadable(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  if (!request.readable) request.readable = true;
  if (request.socket?.readable === false && request.socket.writable) showReadable(request);
}

const readable = { value: true, configurable: true };

/** The body has arrived; the connection looks open until the body is read or the request is over. */
function showReadable(request: IncomingMessage): void {
  const { socket } = request;
  Object.defineProperty(socket, 'readable', readable);
  const hide = () => Reflect.deleteProperty(socket, 'readable');
  request.once('end', hide).once('close', hide);
}

/** True if the request has received the complete message, including its end: no more data comes from the connection. */
function isTakenIn(request: IncomingMessage): boolean {
  return request.complete && request._read === IncomingMessage.prototype._read;
}

/** Internal state of a request in `node:http`: whether it is being read. */
interface Internals {
  _consumed?: boolean;
}

/** Node reads unread data to its end after the answer; a body that has fully arrived need not be read. */
function leaveUnread(request: IncomingMessage & Internals): void {
  if (request._consumed === false && isTakenIn(request)) request._consumed = true;
}

type TakenResponse = ServerResponse & { [taken]: Pick<AnyExchange, 'overruled'> };

/** The answer to this error must not be stored as the handler's. */
function mountedTwice(response: TakenResponse): LatchkeyError {
  response[taken].overruled = 'release';
  return new LatchkeyError(
    'guard-mounted-twice',
    'Two guards handle this request. Mount one, and use with() for routes.',
  );
}
