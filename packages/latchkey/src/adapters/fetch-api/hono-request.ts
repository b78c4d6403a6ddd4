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

/**
 * Returns a short body of a request that `@hono/node-server` has received over HTTP/1; undefined for other requests. It
 * is tapped on its way from the connection, at a fraction of the cost of `Request.clone`, and left for the handler, which
 * then gets it even if the client has disconnected.
 */
export function tappedBody(c: Context, limitBytes: number): RequestBody | Promise<RequestBody> | undefined {
  const { incoming }: { incoming?: IncomingMessage } = Object(c.env);
  if (incoming?.httpVersionMajor !== 1 || !isUntouched(c.req.raw, incoming) || !tapNodeBody(incoming, true))
    return undefined;
  const body = comingBody(incoming, limitBytes);
  return body instanceof Promise ? body.then((arrived) => leave(arrived, incoming)) : leave(body, incoming);
}

/**
 * True if a request is that of `@hono/node-server` for this request of Node, and nobody has read it: it refers to the
 * latter, and not yet to the complete Request that it creates on demand. Middleware may have set another Request.
 */
function isUntouched(request: Request, incoming: IncomingMessage): boolean {
  if (request.bodyUsed || 'rawBody' in incoming) return false;
  let refers = false;
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    const value: unknown = Reflect.get(request, symbol);
    if (value === incoming) refers = true;
    else if (value instanceof Request) return false;
  }
  return refers;
}

/** `@hono/node-server` takes the body from `rawBody` if that is set, as it is on Google Cloud Functions. */
function leave(body: RequestBody, incoming: IncomingMessage): RequestBody {
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
