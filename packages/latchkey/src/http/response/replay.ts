/**
 * An answer from the record, made ready for the client that asks now.
 *
 * @module
 */

import { acceptsCodings, codingsOf, decodeContent } from '../content-coding.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import { replayMarks } from './marks.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Whether a response of this status may have a body: not for 1xx, 204, 205 and 304 (RFC 9110 §6.4.1 and §15.3.6). The
 * Fetch API refuses a body there, and a Content-Length would be that of another answer.
 */
export function mayHaveBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/** The longest identity form that a stored, coded body is turned into. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;

/** Digests of the coded bytes (RFC 9530, RFC 3230, RFC 1864), wrong once the coding is undone. */
const digestHeaders: ReadonlySet<string> = new Set(['content-digest', 'repr-digest', 'digest', 'content-md5']);

/** Adds the Content-Length that a whole body has; there is none where there can be no content. */
export function withLength(status: number, headers: readonly Header[], body: Uint8Array): PlainResponse {
  return addLength(status, [...headers], body);
}

function addLength(status: number, headers: Header[], body: Uint8Array): PlainResponse {
  if (!mayHaveBody(status)) return { status, headers, body: new Uint8Array() };
  headers.push(['Content-Length', String(body.length)]);
  return { status, headers, body };
}

const uncachedMarks: readonly Header[] = [...replayMarks, ['Cache-Control', 'no-store']];

/** An ETag names one coded form; the identity form is equivalent to it, no more (RFC 9110 §8.8.3.3). */
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
  const decoding = await decodeContent(snapshot.body, codings, MAX_DECODED_BYTES);
  if (decoding.kind !== 'decoded') return snapshot;
  return { ...snapshot, headers: uncodedHeaders(snapshot.headers), body: decoding.bytes };
}

const cacheControl = 'cache-control';
const contentEncoding = 'content-encoding';

/**
 * Makes the replay of a stored answer: marked, not to be cached unless the application said otherwise, its length
 * made again. A content coding that this client doesn't name in Accept-Encoding is undone, unless the first client
 * got it without asking; a coding that isn't known here goes out as it was.
 *
 * @param snapshot - as it was decoded for this replay, which takes its headers.
 * @param request - its Accept-Encoding is looked at only if there is a coding.
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
