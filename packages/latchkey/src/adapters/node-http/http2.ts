/**
 * What `node:http2` tells of a request otherwise than `node:http`.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

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

/** True if this response goes out over HTTP/2. */
export function isHttp2(response: ServerResponse): boolean {
  return !Object.hasOwn(response, '_header');
}
