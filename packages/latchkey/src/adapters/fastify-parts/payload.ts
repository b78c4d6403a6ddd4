/**
 * What Fastify hands over in `onSend`, as bytes and back.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../core/support/codec.ts';
import type { PlainResponse } from '../../http/exchange.ts';
import { headerValue } from '../../http/response/kept-headers.ts';

const noBytes = new Uint8Array(0);

/** The bytes of a payload that is there whole; undefined for a stream, and for what Fastify cannot send. */
export function wholePayload(payload: unknown): Uint8Array | undefined {
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload === undefined || payload === null) return noBytes;
  return Buffer.isBuffer(payload) ? payload : undefined;
}

const textual = /^text\/|[/+](?:json|xml|javascript)\b|^application\/x-www-form-urlencoded/i;

/**
 * The body of an answer as a handler would have given it, for the hooks that follow: text as a string, which Node also
 * joins with the head into one write, and other content as bytes.
 */
export function payloadOf({ headers, body }: PlainResponse): string | Buffer | null {
  const type = headerValue(headers, 'content-type');
  if (body.length === 0 && type === undefined) return null;
  const isText = type !== undefined && textual.test(type) && headerValue(headers, 'content-encoding') === undefined;
  return isText && isUtf8(body) ? asBuffer(body).toString() : asBuffer(body);
}
