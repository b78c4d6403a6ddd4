/**
 * Keeps a reference in place of an answer's body, and makes the body again for a replay: for routes whose answers
 * contain a secret.
 *
 * @module
 */

import type { FinalWrite } from '../../core/context.ts';
import { LatchkeyError } from '../../core/errors.ts';
import { asBuffer, stringify } from '../../core/support/codec.ts';
import { isLostInJson } from '../../core/support/plain-json.ts';
import { codingsOf } from '../content-coding.ts';
import { decodeContent } from '../decode-content.ts';
import type { AnyExchange, CapturedResponse, Encoder, Exchange, Header, PlainResponse } from '../exchange.ts';
import type { ResponseOptions } from '../options.ts';
import { problem } from '../problems/problems.ts';
import { parseMediaType } from '../request/media-type.ts';
import { answerResponse } from './answer.ts';
import { headerValue } from './kept-headers.ts';
import { replay } from './replay.ts';
import { encodeResponse, REFERENCE_FORMAT, type Snapshot } from './snapshot.ts';

interface Reference {
  readonly reference?: ResponseOptions<never>['reference'] | undefined;
}

/**
 * Headers that are digests of the body, as the ETag of many frameworks is: a short secret could be guessed from them,
 * and a rebuilt body may have other bytes.
 */
const digests: ReadonlySet<string> = new Set(['etag', 'content-digest', 'repr-digest', 'digest', 'content-md5']);

/** The largest decoded body, in bytes. */
const maxDecodedBytes = 64 * 1024 * 1024;

function withoutNames(headers: readonly Header[], left: ReadonlySet<string>): readonly Header[] {
  return headers.filter(([name]) => !left.has(name.toLowerCase()));
}

function contentOf(headers: readonly Header[], body: Uint8Array): unknown {
  const { isJson, essence } = parseMediaType(headerValue(headers, 'content-type') ?? '');
  if (isJson) return JSON.parse(asBuffer(body).toString());
  return essence.startsWith('text/') ? asBuffer(body).toString() : body;
}

function unkeepable(why: string): LatchkeyError {
  return new LatchkeyError('value-invalid', `The answer's body was not kept: ${why}.`);
}

function referenceTo({ status, headers, body }: PlainResponse, { reference }: Reference): Uint8Array {
  const value = reference?.(contentOf(headers, body), status);
  const text = isLostInJson(value) ? undefined : stringify(value);
  if (text === undefined) throw unkeepable('response.reference must return a JSON value');
  return Buffer.from(text);
}

const codingHeader: ReadonlySet<string> = new Set(['content-encoding']);

/** The rebuilt body has no content coding, and neither has the body that `reference` gets. */
async function decoded(response: PlainResponse, codings: readonly string[]): Promise<PlainResponse> {
  const decoding = await decodeContent(response.body, codings, maxDecodedBytes);
  if (decoding.kind !== 'decoded') throw unkeepable(`its content coding (${codings.join(', ')}) could not be decoded`);
  return { ...response, headers: withoutNames(response.headers, codingHeader), body: decoding.bytes };
}

/** Negative `limitBytes`: the body is not complete, or must not be kept. An empty body needs no reference. */
function encodeByReference(
  { status, headers, body }: PlainResponse,
  limitBytes: number,
  options: Reference,
): FinalWrite | Promise<FinalWrite> {
  const response = { status, headers: withoutNames(headers, digests), body };
  if (body.length === 0 || limitBytes < 0) return encodeResponse(response, limitBytes);
  const encode = (plain: PlainResponse) =>
    encodeResponse({ ...plain, body: referenceTo(plain, options) }, limitBytes, false, REFERENCE_FORMAT);
  const codings = codingsOf([headerValue(headers, 'content-encoding') ?? '']);
  return codings.length === 0 ? encode(response) : decoded(response, codings).then(encode);
}

/**
 * The handler has run: if there is no reference, the record keeps status and headers alone. The guard's own answer to a
 * throw contains no secret. An answer that `finish` has committed is not stored a second time.
 */
async function encodeCaptured(
  captured: CapturedResponse,
  limitBytes: number,
  { committed, forThrow, guard, operation, route }: AnyExchange,
): Promise<FinalWrite> {
  if (forThrow !== undefined) return encodeResponse(captured, limitBytes);
  if (committed !== undefined) return encodeByReference(captured, -1, {});
  try {
    return await encodeByReference(captured, limitBytes, route.options.response);
  } catch (error) {
    guard.emit?.({ type: 'handler-error', operation: operation?.name ?? 'response.reference', error });
    return encodeByReference(captured, -1, {});
  }
}

/**
 * Returns the encoder of a route with `response.reference`: a record has status, headers and the reference. Without a
 * reference it throws for the answers of `finish` and of hooks, which are not carried out then.
 */
export function encoderByReference(exchange: AnyExchange): Encoder {
  return (response, limitBytes) => {
    const { captured, route } = exchange;
    return captured === response
      ? encodeCaptured(captured, limitBytes, exchange)
      : encodeByReference(response, limitBytes, route.options.response);
  };
}

function referenceIn({ body }: Snapshot): unknown {
  try {
    return JSON.parse(asBuffer(body).toString());
  } catch (cause) {
    throw new LatchkeyError('record-unreadable', "A stored reference can't be read: it is not JSON.", { cause });
  }
}

const noRebuild =
  'The record has a reference in place of the body, and the route has no response.rebuild to make the body again.';

/**
 * Makes the answer of a replay from a reference. If that fails, the client may try again: nothing has run.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export async function rebuiltResponse<Native>(snapshot: Snapshot, exchange: Exchange<Native>): Promise<PlainResponse> {
  const reference = referenceIn(snapshot);
  const { guard, operation, native, route } = exchange;
  const { rebuild } = route.options.response;
  try {
    if (rebuild === undefined) throw new LatchkeyError('option-invalid', noRebuild);
    const body: unknown = await rebuild(reference, native);
    if (body === undefined || body === null) throw new TypeError('response.rebuild returned no body.');
    const { headers, body: bytes } = answerResponse({ body });
    const typed = headerValue(snapshot.headers, 'content-type') !== undefined;
    const type = headerValue(headers, 'content-type');
    if (!typed && type !== undefined) snapshot.headers.push(['Content-Type', type]);
    return await replay({ ...snapshot, body: bytes }, exchange);
  } catch (error) {
    guard.emit?.({ type: 'handler-error', operation: operation?.name ?? 'response.rebuild', error });
    return exchange.shape(problem('rebuild-failed', { retryAfterSeconds: 1 }));
  }
}
