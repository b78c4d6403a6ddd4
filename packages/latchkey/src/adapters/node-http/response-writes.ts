/**
 * The arguments of a response's functions, and what those functions give and throw.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';

type Callback = (error?: Error) => void;

export function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

/** What a write that goes nowhere does. */
export function acknowledge(encoding: unknown, callback: unknown): true {
  const found = isCallback(encoding) ? encoding : callback;
  if (isCallback(found)) process.nextTick(found);
  return true;
}

/** The bytes of a chunk; undefined for one that Node refuses. */
export function toBytes(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

/** True if this response goes out over HTTP/2. */
export function isHttp2(response: ServerResponse): boolean {
  return !Object.hasOwn(response, '_header');
}

/** What Node throws when a header is changed too late. */
export function headersSent(response: ServerResponse): Error {
  if (isHttp2(response)) return errorOf('ERR_HTTP2_HEADERS_SENT', 'Response has already been initiated.');
  return errorOf('ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client');
}

/** What Node emits when something is written after the end. */
export function writeAfterEnd(): Error {
  return errorOf('ERR_STREAM_WRITE_AFTER_END', 'write after end');
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** True if neither the client closed its side nor the network failed. */
export function isCutFromHere({ socket }: ServerResponse): boolean {
  return socket !== null && !socket.readableEnded && !socket.errored;
}

/** Whether nothing that is written to a response reaches its client any more. Over HTTP/2 its stream says so. */
export function isDestroyed(response: ServerResponse): boolean {
  const { destroyed }: { destroyed?: boolean } = response;
  return destroyed ?? Reflect.get(Object(Reflect.get(response, 'stream')), 'destroyed') === true;
}
