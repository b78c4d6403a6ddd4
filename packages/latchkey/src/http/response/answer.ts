/**
 * Turns plain answers, as `finish` and `recover` return them, into responses.
 *
 * @module
 */

import { stringify } from '../../core/support/codec.ts';
import { isLostInJson } from '../../core/support/plain-json.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import type { Answer } from '../options.ts';
import { checkResponse, unsendable } from '../plain-response.ts';
import { endToEndHeaders, isResponse, refuseUnsendable } from './fetch-response.ts';
import { headerValue, withoutFraming } from './kept-headers.ts';
import { withLength } from './replay.ts';

interface Content {
  readonly bytes: Uint8Array;
  readonly type?: string;
}

const members: ReadonlySet<string> = new Set(['status', 'headers', 'body']);

/** Without this check, a value that is not an answer would be stored as an empty answer, permanently. */
function checkAnswer(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null) {
    throw unsendable('it must be an object with status, headers and body');
  }
  if (isResponse(answer)) {
    throw unsendable('give { status, headers, body }; a Response is read asynchronously');
  }
  const other = Object.keys(answer).find((name) => !members.has(name));
  if (other === undefined) return;
  throw unsendable(`it has the member ${JSON.stringify(other)}; an answer has only status, headers and body`);
}

function contentOf(body: Answer['body']): Content {
  if (body === null || body === undefined) return { bytes: new Uint8Array() };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain;charset=UTF-8' };
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' };
  const json = stringify(body);
  if (json === undefined) throw unsendable('its body cannot be written as JSON');
  if (json === '{}' && isLostInJson(body)) {
    throw unsendable(`its body is a ${body.constructor.name}, whose content JSON does not hold`);
  }
  return { bytes: Buffer.from(json), type: 'application/json' };
}

function headersOf(headers: Answer['headers']): readonly Header[] {
  if (headers instanceof Headers) return [...headers];
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((line): Header => [name, line]),
  );
}

/**
 * Returns the response for an answer. The default status is 200, or 204 without a body. An object is sent as JSON, a
 * string as UTF-8 text, bytes unchanged. A Content-Type of the answer takes precedence.
 *
 * @throws LatchkeyError `value-invalid` for a status, header or body that can't be sent.
 * @example
 * ```ts
 * answerResponse({ status: 201, body: { id: 'ch_1' } })
 * ```
 */
export function answerResponse(answer: Answer): PlainResponse {
  checkAnswer(answer);
  const { bytes, type } = contentOf(answer.body);
  const status = answer.status ?? (type === undefined ? 204 : 200);
  const given = withoutFraming(headersOf(answer.headers));
  const untyped = type === undefined || headerValue(given, 'content-type') !== undefined;
  const response = withLength(status, untyped ? given : [['Content-Type', type], ...given], bytes);
  checkResponse(response);
  return response;
}

async function fetchedResponse(made: Response): Promise<PlainResponse> {
  refuseUnsendable(made);
  const headers = endToEndHeaders(made);
  headers.delete('content-length');
  const response = withLength(made.status, [...headers], new Uint8Array(await made.arrayBuffer()));
  checkResponse(response);
  return response;
}

/**
 * Does the same for an answer that may be a Response, whose body is read asynchronously.
 *
 * @throws like `answerResponse`; TypeError for `Response.error()` and a Response whose body is already read.
 */
export function readAnswer(answer: Answer | Response): PlainResponse | Promise<PlainResponse> {
  return isResponse(answer) ? fetchedResponse(answer) : answerResponse(answer);
}
