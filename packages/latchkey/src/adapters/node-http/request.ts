/**
 * What a `node:http` request says, as the guard reads it.
 *
 * @module
 */

import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';

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

/** True if the body is still to be read: nobody had read it before the guard, or the guard has put it back. */
export function isUnread(request: IncomingMessage, wasRead: boolean): boolean {
  return !request.readableEnded && (!wasRead || request.readableLength > 0);
}
