/**
 * Saves requests with their claims, on routes that ask for it.
 *
 * @module
 */

import type { Header, RequestBody, RequestView } from '../exchange.ts';
import type { RouteOptions } from '../options.ts';
import type { Warn } from '../warnings.ts';
import { jsonText } from './json-text.ts';
import { parseMediaType } from './media-type.ts';
import { encodeRequest } from './saved-request.ts';

/** What is known about a request when its claim is made. */
interface SaveParts<Native> {
  readonly view: RequestView<Native>;
  /** Path and query. */
  readonly target: string;
  readonly received: RequestBody;
  readonly principal: string;
}

/** The bytes to save; undefined, after a warning, for a request that can't be saved. */
export type RequestSaver<Native> = (parts: SaveParts<Native>) => Uint8Array | undefined;

const DEFAULT_MAX_BYTES = 65_536;

interface Content {
  readonly bytes: Uint8Array;
  /** False if a parser has undone the content coding. */
  readonly asReceived: boolean;
}

/** A body that a framework parsed before is JSON again only if it was JSON: the bytes of any other are lost. */
function parsedContent<Native>(value: unknown, view: RequestView<Native>): Content | undefined {
  if (value instanceof Uint8Array) return { bytes: value, asReceived: false };
  const { isJson } = parseMediaType(view.headers('content-type')[0] ?? '');
  if (typeof value === 'string' && !isJson) return { bytes: Buffer.from(value), asReceived: false };
  const text = isJson ? jsonText(value) : undefined;
  return text === undefined ? undefined : { bytes: Buffer.from(text), asReceived: false };
}

function contentOf<Native>({ received, view }: SaveParts<Native>): Content | undefined {
  if (received.kind === 'bytes') return { bytes: received.bytes, asReceived: true };
  return received.kind === 'value' ? parsedContent(received.value, view) : undefined;
}

function linesOf<Native>(view: RequestView<Native>, names: readonly string[]): readonly Header[] {
  return names.flatMap((name) => view.headers(name).map((line): Header => [name, line]));
}

const notSaved = (why: string) =>
  `A request was not saved with its claim, because ${why}: no completer can run it again, its client's retry can.`;

/**
 * Makes the saver of a route; undefined if the route saves nothing, which then costs nothing.
 *
 * @param warn - called once for a request that was not saved.
 */
export function requestSaver<Native>(
  option: RouteOptions<Native>['saveRequest'],
  warn: Warn,
): RequestSaver<Native> | undefined {
  if (option === undefined || option === false) return undefined;
  const { maxBytes = DEFAULT_MAX_BYTES, headers = [], principal = false } = option === true ? {} : option;
  const plainNames = [...new Set(['content-type', ...headers.map((name) => name.toLowerCase())])];
  const receivedNames = [...new Set([...plainNames, 'content-encoding'])];
  return (parts) => {
    const { view, target } = parts;
    const content = contentOf(parts);
    if (content === undefined) {
      warn('request-not-saved', notSaved('a parser before the guard left no bytes of its body'));
      return undefined;
    }
    const { bytes: body, asReceived } = content;
    const saved = linesOf(view, asReceived ? receivedNames : plainNames);
    const whose = principal ? parts.principal : undefined;
    const encoded = encodeRequest({ method: view.method, target, principal: whose, headers: saved, body });
    if (encoded.length <= maxBytes) return encoded;
    warn('request-not-saved', notSaved(`it takes more than the ${maxBytes} bytes of saveRequest.maxBytes`));
    return undefined;
  };
}
