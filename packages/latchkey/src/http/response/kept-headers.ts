/**
 * Which headers of a response are kept in its record.
 *
 * @module
 */

import type { Header } from '../exchange.ts';

/** They frame one message, or are between the two ends of one connection (RFC 9110 §7.6.1, §11.7). */
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
 * Never kept, because they belong to one connection (RFC 9110 §7.6.1), one moment, one caller, one origin or one
 * trace: a replay gets its own from whatever surrounds the layer.
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

/** Whether no record keeps a header; the name is in lower case. */
export function isNeverKept(name: string): boolean {
  return dropped.has(name) || droppedPrefix.test(name);
}

/** The names, in lower case, that a Connection header lists. */
export function connectionOptions(value: string): string[] {
  return value.split(',').map((name) => name.trim().toLowerCase());
}

function namedByConnection(headers: readonly Header[]): ReadonlySet<string> | undefined {
  if (headerValue(headers, 'connection') === undefined) return undefined;
  const lists = headers.filter(([name]) => name.toLowerCase() === 'connection').map(([, value]) => value);
  return new Set(connectionOptions(lists.join(',')));
}

/**
 * The headers of an answer that the application gives whole, without those that frame a message: its body is sent with
 * a length of its own. Whoever passes an upstream's headers on passes them too.
 */
export function withoutFraming(headers: readonly Header[]): readonly Header[] {
  const perConnection = namedByConnection(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== 'content-length' && !hopByHop.has(lower) && !perConnection?.has(lower);
  });
}

/**
 * The headers of a response that its record keeps, repeated ones still apart and in order. Left out are the
 * hop-by-hop headers (those that Connection names too), Date, Set-Cookie, authentication challenges, rate-limit,
 * Retry-After, Access-Control-*, CSP and trace headers (request ids too).
 */
export function keptHeaders(headers: readonly Header[]): readonly Header[] {
  const perConnection = namedByConnection(headers);
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !isNeverKept(lower) && !perConnection?.has(lower);
  });
}

/** The first value of a header; `lowerName` is in lower case. */
export function headerValue(headers: readonly Header[], lowerName: string): string | undefined {
  for (const header of headers) {
    const name = header[0];
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return header[1];
  }
  return undefined;
}
