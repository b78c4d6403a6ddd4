/**
 * Reads a `node:http` request for the guard.
 *
 * @module
 */

import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The body that a framework may have set before the guard. */
export interface ParsedRequest {
  /** The parsed value. */
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

/** The parts of an HTTP/2 request's stream that the guard uses. */
interface Http2Stream {
  /** Whether the request has no body. */
  readonly endAfterHeaders: boolean;
  /** Whether the request has received the complete body. */
  readonly readableEnded: boolean;
  readonly closed: boolean;
  readonly destroyed: boolean;
}

/** Returns the stream under an HTTP/2 request; undefined for others. */
export function http2StreamOf(request: IncomingMessage): Http2Stream | undefined {
  return request.httpVersionMajor === 2 ? (Reflect.get(request, 'stream') as Http2Stream | undefined) : undefined;
}

/**
 * True if nothing of the body is in transit. The length is checked too: promises run between the last byte and
 * `complete`, and injected requests in tests never have `complete`.
 */
export function isReceived(request: IncomingMessage): boolean {
  return hasLength(request, request.readableLength) || isComplete(request);
}

export function hasLength({ headers }: IncomingMessage, bytes: number): boolean {
  return bytes === Number(headers['content-length']);
}

/** Over HTTP/2 a request is `complete` when it was read to its end or aborted. */
export function isComplete(request: IncomingMessage): boolean {
  return (http2StreamOf(request)?.readableEnded ?? request.complete) && !request.aborted;
}

/**
 * True if Node itself supplies the data of this request. Requests of Lambda adapters, and injected requests in tests,
 * have another source.
 */
export function isFedByNode(request: IncomingMessage): boolean {
  return request._read === IncomingMessage.prototype._read || http2StreamOf(request) !== undefined;
}
