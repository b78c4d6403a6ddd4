/**
 * A plain view of a `node:http` request.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { RequestBody, RequestView } from '../http/exchange.ts';
import { readNodeBody } from './node-request-body.ts';

const none: readonly string[] = [];

/** What a framework may have made of the body before the guard. */
export interface ParsedRequest {
  /** What a parser made of it. */
  readonly body?: unknown;
  /** The bytes that a parser kept. */
  readonly rawBody?: unknown;
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

  fields(name: string): readonly string[] {
    return this.#request.headers[name] === undefined ? none : rawFieldValues(this.#request.rawHeaders, name);
  }

  body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return readNodeBody(this.#request, this.#parsed, limitBytes);
  }
}

/**
 * Reads the lines as they came, since `request.headers` joins or drops repeated ones. Lengths are compared first:
 * that spares nearly all of the case folding.
 */
function rawFieldValues(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string;
    if (field.length !== name.length || (field !== name && field.toLowerCase() !== name)) continue;
    values ??= [];
    values.push(rawHeaders[index + 1] as string);
  }
  return values ?? none;
}
