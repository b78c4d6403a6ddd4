/**
 * A plain view of a `node:http` request.
 *
 * @module
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RequestBody, RequestView } from '../../http/exchange.ts';
import { readNodeBody } from './request-body.ts';

const none: readonly string[] = [];

/** What a framework may have made of the body before the guard. */
export interface ParsedRequest {
  /** What a parser made of it. */
  readonly body?: unknown;
  /** The bytes that a parser kept. */
  readonly rawBody?: unknown;
  /** True if a parser of Express 4 has read the body. */
  readonly _body?: unknown;
}

/** Where the parts of a view are found. */
export interface NodeRequestParts<Native> {
  /** What the functions of a route are given. */
  readonly native: Native;
  readonly request: IncomingMessage;
  /** Where parsers leave their results. */
  readonly parsed: ParsedRequest;
  /** The whole path and query: frameworks rewrite `request.url`. */
  readonly target: string;
}

/** A view of a request that may have been parsed before. */
export class NodeRequestView<Native> implements RequestView<Native> {
  readonly method: string;
  readonly target: string;
  readonly native: Native;
  readonly #request: IncomingMessage;
  readonly #parsed: ParsedRequest;

  constructor({ native, request, parsed, target }: NodeRequestParts<Native>) {
    this.native = native;
    this.#request = request;
    this.#parsed = parsed;
    this.method = request.method ?? 'GET';
    this.target = target;
  }

  headers(name: string): readonly string[] {
    return headerLines(this.#request, name, this.parsedHeaders());
  }

  /** The headers as the application sees them. */
  protected parsedHeaders(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return readNodeBody(this.#request, this.#parsed, limitBytes);
  }
}

/**
 * The lines of a header. What the application sees counts: middleware and adapters for Lambda set headers that never
 * came as lines. The lines only tell whether a value was joined from several, or is the first of several.
 */
function headerLines(request: IncomingMessage, name: string, headers: IncomingHttpHeaders): readonly string[] {
  // Middleware may have set anything, a number for one.
  const value: unknown = headers[name];
  if (value === undefined || value === null) return none;
  if (Array.isArray(value)) return value.map(String);
  const seen = String(value);
  const lines = rawLines(request.rawHeaders ?? none, name);
  return lines.length > 1 && isMadeFrom(lines, seen) ? lines : [seen];
}

/** Node joins repeated lines by a comma, those of Cookie by a semicolon, and drops those that must be single. */
function isMadeFrom(lines: readonly string[], value: string): boolean {
  return value === lines[0] || value === lines.join(', ') || value === lines.join('; ');
}

/** Compares lengths first: that spares nearly all of the case folding. */
function rawLines(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length !== name.length || (header !== name && header.toLowerCase() !== name)) continue;
    values ??= [];
    values.push(rawHeaders[index + 1] as string);
  }
  return values ?? none;
}
