/**
 * Plain answers, as `finish` and `recover` give them, turned into responses.
 *
 * @module
 */

import { stringify } from '../core/codec.ts';
import { checkResponse, unsendable } from './check-response.ts';
import type { Field, PlainResponse } from './exchange.ts';
import { fieldValue, withoutFraming } from './kept-fields.ts';
import type { Answer } from './options.ts';
import { withLength } from './replay.ts';

interface Content {
  readonly bytes: Uint8Array;
  readonly type?: string;
}

function contentOf(body: Answer['body']): Content {
  if (body === null || body === undefined) return { bytes: new Uint8Array() };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain;charset=UTF-8' };
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' };
  const json = stringify(body);
  if (json === undefined) throw unsendable('its body has no JSON');
  return { bytes: Buffer.from(json), type: 'application/json' };
}

function fieldsOf(headers: Answer['headers']): readonly Field[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((line): Field => [name, line]),
  );
}

/**
 * The response that an answer stands for. Its status is 200 unless given, 204 without a body. An object is sent as
 * JSON, a string as UTF-8 text, bytes as they are; a Content-Type of the answer's own stands.
 *
 * @throws LatchkeyError `value-invalid` for a status, field or body that can't be sent.
 * @example
 * ```ts
 * answerResponse({ status: 201, body: { id: 'ch_1' } })
 * ```
 */
export function answerResponse(answer: Answer): PlainResponse {
  const { bytes, type } = contentOf(answer.body);
  const status = answer.status ?? (type === undefined ? 204 : 200);
  const given = withoutFraming(fieldsOf(answer.headers));
  const untyped = type === undefined || fieldValue(given, 'content-type') !== undefined;
  const response = withLength(status, untyped ? given : [['Content-Type', type], ...given], bytes);
  checkResponse(response);
  return response;
}
