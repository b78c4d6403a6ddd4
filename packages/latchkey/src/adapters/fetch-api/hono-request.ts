/**
 * Reads the body of a request in Hono.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import { asBuffer } from '../../core/support/codec.ts';
import type { RequestBody } from '../../http/exchange.ts';
import { comingBody, tapNodeBody } from '../node-http/body-tap.ts';

/** Node's own way to read a request; undefined elsewhere. An import of it would not suit bundles for edge runtimes. */
const readOfNode = globalThis.process?.getBuiltinModule?.('node:http')?.IncomingMessage?.prototype._read;

/**
 * Returns a short body of a request that `@hono/node-server` has received over HTTP/1; undefined for other requests. It
 * is tapped on its way from the connection, at a fraction of the cost of `Request.clone`, and kept for the handler, which
 * then gets it even if the client has disconnected.
 */
export function tapHonoBody(c: Context, limitBytes: number): RequestBody | Promise<RequestBody> | undefined {
  const { incoming }: { incoming?: IncomingMessage } = Object(c.env);
  if (incoming?.httpVersionMajor !== 1 || incoming._read !== readOfNode) return undefined;
  if (!isUntouched(c.req.raw, incoming) || !tapNodeBody(incoming, true)) return undefined;
  const body = comingBody(incoming, limitBytes);
  return body instanceof Promise
    ? body.then((whole) => keepForHandler(whole, incoming))
    : keepForHandler(body, incoming);
}

/**
 * Whether this is the server's request for `incoming`, which nobody has read or changed. The server keeps `incoming`
 * under a symbol, and under another one the complete Request, which it creates when other code uses the body or `clone`;
 * in release 1 it does so for `bodyUsed` too. Middleware may have set another Request.
 */
function isUntouched(request: Request, incoming: IncomingMessage): boolean {
  if (request.bodyUsed || 'rawBody' in incoming || Object.getOwnPropertyNames(request).length > 0) return false;
  if (request.clone !== Object.getPrototypeOf(request).clone) return false;
  const kept = Object.getOwnPropertySymbols(request).map((symbol): unknown => Reflect.get(request, symbol));
  return kept.includes(incoming) && !kept.some((value) => value instanceof Request);
}

/** The server gives the handler the Buffer in `rawBody`, if there is one, as on Google Cloud Functions. */
function keepForHandler(body: RequestBody, incoming: IncomingMessage): RequestBody {
  if (body.kind === 'bytes') Object.assign(incoming, { rawBody: asBuffer(body.bytes) });
  return body;
}

/** The body that Hono has cached if a validator has read it before. */
export async function parsedBody(c: Context): Promise<RequestBody> {
  const { bodyCache } = c.req;
  if (bodyCache.text !== undefined || bodyCache.arrayBuffer !== undefined || bodyCache.blob !== undefined) {
    return { kind: 'bytes', bytes: new Uint8Array(await c.req.arrayBuffer()) };
  }
  if (bodyCache.json !== undefined) return { kind: 'value', value: await c.req.json() };
  return bodyCache.formData === undefined ? { kind: 'consumed' } : formBody(await c.req.formData());
}

/** Files that were read as a form can't be compared any more. */
function formBody(form: FormData): RequestBody {
  const entries = [...form];
  const isText = entries.every(([, value]) => typeof value === 'string');
  return isText ? { kind: 'value', value: entries, hasFiles: false } : { kind: 'consumed' };
}
