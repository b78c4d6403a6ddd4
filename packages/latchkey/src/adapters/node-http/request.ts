/**
 * What a `node:http` request says, as the guard reads it.
 *
 * @module
 */

import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';

const none: readonly string[] = [];

/** What a framework may have made of the body before the guard. */
export interface ParsedRequest {
  /** What a parser made of it. */
  readonly body?: unknown;
  /** The bytes that a parser kept. */
  readonly rawBody?: unknown;
  /** True if a parser of Express 4 has read the body. */
  readonly _body?: unknown;
}

/** A framework's request. */
export interface FrameworkRequest extends ParsedRequest {
  /** The headers as the application sees them. */
  readonly headers: IncomingHttpHeaders;
}

/**
 * The lines of a header. What the application sees counts: middleware and adapters for Lambda set headers that never
 * came as lines. The lines only tell whether a value was joined from several, or is the first of several.
 *
 * @param value - what the application sees. Middleware may have set anything, a number for one.
 */
export function headerLines(request: IncomingMessage, name: string, value: unknown): readonly string[] {
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

/** The stream of an HTTP/2 request, as far as it is asked. */
interface Http2Stream {
  /** Whether the request came without a body. */
  readonly endAfterHeaders: boolean;
  /** Whether all of the body has gone into the request. */
  readonly readableEnded: boolean;
  readonly closed: boolean;
  readonly destroyed: boolean;
}

/** The stream under a request that came over HTTP/2; undefined for others. */
export function http2StreamOf(request: IncomingMessage): Http2Stream | undefined {
  return request.httpVersionMajor === 2 ? (Reflect.get(request, 'stream') as Http2Stream | undefined) : undefined;
}

/**
 * True if nothing of the body is on its way any more.
 *
 * The length counts too: promises run between the last byte and `complete`, and the requests of an injecting test
 * never have it.
 */
export function isReceived(request: IncomingMessage): boolean {
  return hasLength(request, request.readableLength) || isComplete(request);
}

export function hasLength({ headers }: IncomingMessage, bytes: number): boolean {
  return bytes === Number(headers['content-length']);
}

/** Over HTTP/2 a request is `complete` when it was read to its end, or broken off. */
export function isComplete(request: IncomingMessage): boolean {
  return (http2StreamOf(request)?.readableEnded ?? request.complete) && !request.aborted;
}

/** True if Node itself feeds this request. Those of adapters for Lambda and of injecting tests have a source of their own. */
export function isFedByNode(request: IncomingMessage): boolean {
  return request._read === IncomingMessage.prototype._read || http2StreamOf(request) !== undefined;
}

/** True if all of the message has gone into the request, its end too: nothing comes out of the connection any more. */
export function isTakenIn(request: IncomingMessage): boolean {
  return request.complete && request._read === IncomingMessage.prototype._read;
}

/** What `node:http` keeps on a request: whether somebody reads it. */
interface Internals {
  _consumed?: boolean;
}

/** Node reads what nobody has read to its end when the answer is out; a body that is all here need not be. */
export function leaveUnread(request: IncomingMessage & Internals): void {
  if (request._consumed === false && isTakenIn(request)) request._consumed = true;
}

/**
 * False once the connection of a request is closed. One of which the client has only ended its half is open where the
 * server still answers on it (`httpAllowHalfOpen`). Adapters for Lambda have no connection; theirs is never open.
 */
export function isOpen(request: IncomingMessage): boolean {
  const stream = http2StreamOf(request);
  if (stream !== undefined) return !stream.closed && !stream.destroyed;
  return !request.destroyed && (request.socket?.readable === true || request.socket?.writable === true);
}

/**
 * Parsers behind the guard, which waits, would leave a request alone, or fail, that looks as if it had been read:
 * adapters for Lambda mark it as soon as the application has returned, and the parsers of Express 5 look at the
 * connection, which can't be read any more once the client has ended its half.
 */
export function keepReadable(request: IncomingMessage): void {
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

/** True if the body is still to be read: nobody had read it before the guard, or the guard has put it back. */
export function isUnread(request: IncomingMessage, wasRead: boolean): boolean {
  return !request.readableEnded && (!wasRead || request.readableLength > 0);
}
