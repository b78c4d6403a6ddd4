/**
 * Saves requests with their claims, on routes with the option `request.save`.
 *
 * @module
 */

import type { Exchange, Header, RequestBody } from '../exchange.ts';
import type { RequestOptions } from '../options.ts';
import type { Warn } from '../warnings.ts';
import { jsonText } from './json-text.ts';
import { parseMediaType } from './media-type.ts';
import { pathAndQuery } from './read-request.ts';
import { encodeRequest } from './saved-request.ts';

type SavedExchange = Pick<Exchange<never>, 'method' | 'target' | 'headers' | 'principal'>;

/** Returns the bytes to save; undefined, after a warning, for a request that can't be saved. */
export type RequestSaver = (exchange: SavedExchange, received: RequestBody) => Uint8Array | undefined;

const DEFAULT_MAX_BYTES = 65_536;

interface Content {
  readonly bytes: Uint8Array;
  /** False if a parser has decoded the body. */
  readonly asReceived: boolean;
}

/** A parsed body is written as JSON again only if it was JSON: the bytes of any other body are lost. */
function parsedContent(value: unknown, exchange: SavedExchange): Content | undefined {
  if (value instanceof Uint8Array) return { bytes: value, asReceived: false };
  const { isJson } = parseMediaType(exchange.headers('content-type')[0] ?? '');
  if (typeof value === 'string' && !isJson) return { bytes: Buffer.from(value), asReceived: false };
  const text = isJson ? jsonText(value) : undefined;
  return text === undefined ? undefined : { bytes: Buffer.from(text), asReceived: false };
}

function contentOf(exchange: SavedExchange, received: RequestBody): Content | undefined {
  if (received.kind === 'bytes') return { bytes: received.bytes, asReceived: true };
  return received.kind === 'value' ? parsedContent(received.value, exchange) : undefined;
}

function linesOf(exchange: SavedExchange, names: readonly string[]): readonly Header[] {
  return names.flatMap((name) => exchange.headers(name).map((line): Header => [name, line]));
}

const notSaved = (why: string) =>
  `A request was not saved with its claim, because ${why}. Only its client's retry can rerun it, not a completer.`;

/**
 * Creates the saver of a route that saves its requests.
 *
 * @param warn - called once for a request that was not saved.
 * @param byReference - whether the route has `response.reference`.
 */
export function requestSaver(
  option: Exclude<RequestOptions['save'], false | undefined>,
  warn: Warn,
  byReference: boolean,
): RequestSaver {
  const { maxBytes = DEFAULT_MAX_BYTES, headers = [], principal = false } = option === true ? {} : option;
  const plainNames = [...new Set(['content-type', ...headers.map((name) => name.toLowerCase())])];
  const receivedNames = [...new Set([...plainNames, 'content-encoding'])];
  return (exchange, received) => {
    const content = contentOf(exchange, received);
    if (content === undefined) {
      warn('request-not-saved', notSaved('a parser before the guard left no bytes of its body'));
      return undefined;
    }
    const { bytes: body, asReceived } = content;
    const saved = linesOf(exchange, asReceived ? receivedNames : plainNames);
    const whose = principal ? exchange.principal : undefined;
    const { method } = exchange;
    const target = pathAndQuery(exchange.target);
    const encoded = encodeRequest({ method, target, principal: whose, headers: saved, body, byReference });
    if (encoded.length <= maxBytes) return encoded;
    warn('request-not-saved', notSaved(`it takes more than the ${maxBytes} bytes of request.save.maxBytes`));
    return undefined;
  };
}
