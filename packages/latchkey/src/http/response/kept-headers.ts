/**
 * Determines which headers of a response are kept in its record.
 *
 * @module
 */

import type { Header } from '../exchange.ts';

/** Headers that frame one message or belong to one connection (RFC 9110 §7.6.1, §11.7). */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Headers that are never kept, because they belong to one connection (RFC 9110 §7.6.1), moment, caller, origin or
 * trace. A replay gets its own from the code around the layer.
 */
const dropped: ReadonlySet<string> = new Set([
  // one connection, and framing, which each replay sets itself
  ...hopByHop,
  'content-length',
  'alt-svc',
  // one moment
  'age',
  'date',
  'server-timing',
  'retry-after',
  // one caller's session and credentials
  'set-cookie',
  'set-cookie2',
  'clear-site-data',
  'www-authenticate',
  'authentication-info',
  // one origin and page
  'content-security-policy',
  'content-security-policy-report-only',
  'timing-allow-origin',
  'report-to',
  'reporting-endpoints',
  'nel',
  // one request's trace
  'traceparent',
  'tracestate',
  'traceresponse',
  'baggage',
  'b3',
  'request-id',
  'x-request-id',
  'x-correlation-id',
  'x-trace-id',
  'x-amzn-trace-id',
  'x-amzn-requestid',
  'x-cloud-trace-context',
  // the layer's own
  'idempotent-replayed',
  'idempotency-status',
  'idempotency-stored',
]);

const droppedPrefix = /^(?:access-control-|ratelimit|x-ratelimit|x-rate-limit|x-b3-)/;

/** Whether a header is never kept; the name is in lower case. */
export function isNeverKept(name: string): boolean {
  return dropped.has(name) || droppedPrefix.test(name);
}

/** Returns the names, in lower case, in a Connection header. */
export function connectionOptions(value: string): string[] {
  return value.split(',').map((name) => name.trim().toLowerCase());
}

function namedByConnection(headers: readonly Header[]): ReadonlySet<string> | undefined {
  if (headerValue(headers, 'connection') === undefined) return undefined;
  const lists = headers.filter(([name]) => name.toLowerCase() === 'connection').map(([, value]) => value);
  return new Set(connectionOptions(lists.join(',')));
}

/**
 * Returns the headers of an answer from the application without those that frame a message, since its body is sent with
 * a new length. An application that forwards an upstream's headers forwards these too.
 */
export function withoutFraming(headers: readonly Header[]): readonly Header[] {
  const perConnection = namedByConnection(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== 'content-length' && !hopByHop.has(lower) && !perConnection?.has(lower);
  });
}

/**
 * Returns the headers of a response that its record keeps, in order; repeated headers stay separate. It leaves out
 * hop-by-hop headers (also those that Connection names), Date, Set-Cookie, authentication challenges, Retry-After,
 * Access-Control-*, and rate-limit, CSP, trace and request-id headers.
 */
export function keptHeaders(headers: readonly Header[]): readonly Header[] {
  const perConnection = namedByConnection(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !isNeverKept(lower) && !perConnection?.has(lower);
  });
}

/** Returns the first value of a header; `lowerName` is in lower case. */
export function headerValue(headers: readonly Header[], lowerName: string): string | undefined {
  for (const header of headers) {
    const name = header[0];
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return header[1];
  }
  return undefined;
}
