/**
 * Prepares an answer from the record for the current client.
 *
 * @module
 */

import { acceptsCodings, codingsOf } from '../content-coding.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import { replayMarks } from './marks.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Whether a response of this status may have a body: not for 1xx, 204, 205 and 304 (RFC 9110 §6.4.1 and §15.3.6). For
 * these, the Fetch API refuses a body, and a Content-Length would describe another answer.
 */
export function mayHaveBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/** Maximum size of a decoded stored body. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;

/** Digests of the coded bytes (RFC 9530, RFC 3230, RFC 1864), which are wrong for the decoded body. */
const digestHeaders: ReadonlySet<string> = new Set(['content-digest', 'repr-digest', 'digest', 'content-md5']);

/** Adds the Content-Length of a complete body, unless the response can have no content. */
export function withLength(status: number, headers: readonly Header[], body: Uint8Array): PlainResponse {
  return addLength(status, [...headers], body);
}

function addLength(status: number, headers: Header[], body: Uint8Array): PlainResponse {
  if (!mayHaveBody(status)) return { status, headers, body: new Uint8Array() };
  headers.push(['Content-Length', String(body.length)]);
  return { status, headers, body };
}

const uncachedMarks: readonly Header[] = [...replayMarks, ['Cache-Control', 'no-store']];

/** An ETag names one coded form; the decoded form is only equivalent to it (RFC 9110 §8.8.3.3). */
function weakened([name, value]: Header): Header {
  return name.toLowerCase() === 'etag' && value.startsWith('"') ? [name, `W/${value}`] : [name, value];
}

function uncodedHeaders(headers: readonly Header[]): Header[] {
  const kept = headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== 'content-encoding' && !digestHeaders.has(lower);
  });
  return kept.map(weakened);
}

async function uncoded(snapshot: Snapshot, codings: readonly string[]): Promise<Snapshot> {
  const { decodeContent } = await import('../decode-content.ts');
  const decoding = await decodeContent(snapshot.body, codings, MAX_DECODED_BYTES);
  if (decoding.kind !== 'decoded') return snapshot;
  return { ...snapshot, headers: uncodedHeaders(snapshot.headers), body: decoding.bytes };
}

const cacheControl = 'cache-control';
const contentEncoding = 'content-encoding';

/**
 * Creates the replay of a stored answer: with marks, a new Content-Length, and `no-store` unless the application set
 * Cache-Control. A content coding that this client doesn't name in Accept-Encoding is decoded, unless the first client
 * got it without asking. An unknown coding is sent unchanged.
 *
 * @param snapshot - decoded for this replay, which takes over its headers.
 * @param request - its Accept-Encoding is read only if there is a coding.
 */
export function replay(
  snapshot: Snapshot,
  request: { headers(lowerName: string): readonly string[] },
): PlainResponse | Promise<PlainResponse> {
  let coding: string | undefined;
  let saysCaching = false;
  for (const [name, value] of snapshot.headers) {
    if (name.length === cacheControl.length && name.toLowerCase() === cacheControl) saysCaching = true;
    else if (name.length === contentEncoding.length && name.toLowerCase() === contentEncoding) coding ??= value;
  }
  const marks = saysCaching ? replayMarks : uncachedMarks;
  if (coding !== undefined && !snapshot.fixedCoding && snapshot.body.length > 0) {
    const codings = codingsOf([coding]);
    if (!acceptsCodings(request.headers('accept-encoding'), codings)) {
      return uncoded(snapshot, codings).then((plain) => withMarks(plain, marks));
    }
  }
  return withMarks(snapshot, marks);
}

function withMarks({ status, headers, body }: Snapshot, marks: readonly Header[]): PlainResponse {
  headers.push(...marks);
  return addLength(status, headers, body);
}
