/**
 * Converts a handler's result to a plain response and back, in the form of the event's sender.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../core/support/codec.ts';
import type { Header, PlainResponse } from '../../http/exchange.ts';
import { checkResponse, unsendable } from '../../http/plain-response.ts';
import { withoutFraming } from '../../http/response/kept-headers.ts';
import type { HeaderForm } from './event.ts';

/** A result of the guard, in the form that the event's sender takes. */
export interface LambdaResult {
  statusCode: number;
  /** Absent for a load balancer with multi-value headers. */
  headers?: Record<string, string>;
  /** For API Gateway's format 1.0 and load balancers with multi-value headers. */
  multiValueHeaders?: Record<string, string[]>;
  /** `Set-Cookie` lines, for API Gateway's format 2.0 and function URLs. */
  cookies?: string[];
  body: string;
  isBase64Encoded: boolean;
}

/** The members of a handler's result, which may have others, such as `statusDescription`. */
interface GivenResult {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly unknown[]>> | null;
  readonly cookies?: readonly string[] | null;
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

/** A handler's result as a response, with its other members. */
export interface ReadResult {
  readonly response: PlainResponse;
  readonly others: object;
}

/**
 * Reads a handler's result. API Gateway's format 2.0 and function URLs also take a value without a status code, which is
 * the body of a JSON answer with status 200.
 *
 * @throws LatchkeyError `value-invalid` if the sender of the event would refuse the result.
 */
export function readResult(made: unknown, form: HeaderForm): ReadResult {
  const given = structured(made, form);
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded, ...others } = given;
  if (typeof (body ?? '') !== 'string') throw unsendable('the body of a result must be a string');
  const bytes = Buffer.from((body ?? '') as string, isBase64Encoded === true ? 'base64' : 'utf8');
  const response = { status: Number(statusCode), headers: linesOf(given), body: bytes };
  checkResponse(response);
  return { response, others };
}

function structured(made: unknown, form: HeaderForm): GivenResult {
  if (typeof made === 'object' && made !== null && 'statusCode' in made) return made;
  if (form !== 'single-with-cookies') throw unsendable('the result must be an object with a statusCode');
  const headers = { 'content-type': 'application/json' };
  return { statusCode: 200, headers, body: JSON.stringify(made) ?? 'null' };
}

/** API Gateway prefers `multiValueHeaders` if a name is in both. */
function linesOf({ headers, multiValueHeaders, cookies }: GivenResult): readonly Header[] {
  const repeated = Object.entries(multiValueHeaders ?? {});
  const names = new Set(repeated.map(([name]) => name.toLowerCase()));
  const single = Object.entries(headers ?? {}).filter(([name]) => !names.has(name.toLowerCase()));
  const lines = [...single, ...repeated].flatMap(([name, values]) =>
    [values].flat().map((value): readonly [string, unknown] => [name, value]),
  );
  const sent = lines.filter(([, value]) => value !== undefined && value !== null);
  const written = sent.map(([name, value]): Header => [name, String(value)]);
  return withoutFraming([...written, ...(cookies ?? []).map((cookie): Header => ['set-cookie', cookie])]);
}

/**
 * Writes a response. A body that is not UTF-8 is encoded as base64. First answers and replays are written in the same
 * way, so a gateway that is not configured for binary bodies treats both alike.
 */
export function writeResult({ status, headers, body }: PlainResponse, form: HeaderForm): LambdaResult {
  const isText = isUtf8(body);
  return {
    statusCode: status,
    ...headersIn(form, withoutFraming(headers)),
    body: asBuffer(body).toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

type WrittenHeaders = Pick<LambdaResult, 'headers' | 'multiValueHeaders' | 'cookies'>;

function headersIn(form: HeaderForm, lines: readonly Header[]): WrittenHeaders {
  switch (form) {
    case 'single-with-cookies': {
      const isCookie = ([name]: Header) => name.toLowerCase() === 'set-cookie';
      const cookies = lines.filter(isCookie).map(([, value]) => value);
      const headers = joined(lines.filter((line) => !isCookie(line)));
      return cookies.length === 0 ? { headers } : { headers, cookies };
    }
    case 'single':
      return { headers: joined(lines) };
    case 'lists':
      return { multiValueHeaders: listed(lines) };
    case 'both': {
      const isRepeated = ([, values]: [string, string[]]) => values.length > 1;
      const lists = Object.entries(listed(lines));
      const multiValueHeaders = Object.fromEntries(lists.filter(isRepeated));
      const headers = Object.fromEntries(
        lists.filter((list) => !isRepeated(list)).map(([name, [value = '']]) => [name, value]),
      );
      return { headers, multiValueHeaders };
    }
  }
}

/** One value per name; several lines mean the same as one, joined (RFC 9110 §5.3). */
function joined(lines: readonly Header[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

/** All values of each name, in the spelling of its first line. */
function listed(lines: readonly Header[]): Record<string, string[]> {
  const byName = new Map<string, [name: string, values: string[]]>();
  for (const [name, value] of lines) {
    const list = byName.get(name.toLowerCase());
    if (list === undefined) byName.set(name.toLowerCase(), [name, [value]]);
    else list[1].push(value);
  }
  return Object.fromEntries(byName.values());
}
