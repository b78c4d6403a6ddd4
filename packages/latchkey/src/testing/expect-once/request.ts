/**
 * The request that `expectOnce` sends.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { readOptions } from '../../core/options/read-options.ts';
import { defaultTo, isText, must, type OptionTable, required } from '../../core/options/rules.ts';
import type { Header } from '../../http/exchange.ts';
import { headerNamePattern, KEY_HEADER } from '../../protocol/headers.ts';

/** The request of an operation. */
export interface OnceRequestOptions {
  /** The method. Default `POST`. */
  readonly method?: string;
  /** The path and query, such as `/v1/charges`. */
  readonly path: string;
  /** Headers, such as `{ Authorization: 'Bearer test' }`. `expectOnce` sets Idempotency-Key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A string, bytes or `URLSearchParams` are sent as they are. Any other value is sent as JSON. */
  readonly body?: unknown;
}

/** A request as it is sent. */
export interface OnceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** The option table. */
export const requestTable = {
  method: defaultTo(must('a method', isText), 'POST'),
  path: required(must('a path that begins with "/"', (value) => isText(value) && value.startsWith('/'))),
  headers: must('an object with header names and values, without Idempotency-Key', areHeaders),
  body: must('a string, bytes, URLSearchParams or a JSON value', () => true),
} satisfies OptionTable<OnceRequestOptions>;

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([name, text]) => isText(text) && headerNamePattern.test(name) && !isNamed(name, KEY_HEADER),
  );
}

function isNamed(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

/**
 * Encodes a request under a key.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function encodeRequest(given: OnceRequestOptions, key: string): OnceRequest {
  const { method, path, headers = {}, body } = readOptions('expectOnce: the request', requestTable, given);
  const { type, bytes } = encodeBody(body);
  const names = Object.keys(headers);
  const hasType = names.some((name) => isNamed(name, 'Content-Type'));
  return {
    method,
    path,
    body: bytes,
    headers: [
      ...Object.entries(headers),
      ...(type === undefined || hasType ? [] : [['Content-Type', type] as const]),
      [KEY_HEADER, `"${key}"`],
    ],
  };
}

/** The type is undefined if the caller must name it. */
function encodeBody(body: unknown): { type?: string; bytes: Uint8Array<ArrayBuffer> | undefined } {
  if (body === undefined) return { bytes: undefined };
  if (isText(body)) return { bytes: utf8(body) };
  if (ArrayBuffer.isView(body)) return { bytes: copied(body) };
  if (body instanceof URLSearchParams) return { type: 'application/x-www-form-urlencoded', bytes: utf8(String(body)) };
  const json = JSON.stringify(body);
  if (json !== undefined) return { type: 'application/json', bytes: utf8(json) };
  throw new LatchkeyError('option-invalid', `expectOnce: the request: body must be ${requestTable.body.demand}.`);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function copied({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}
