/**
 * A plain view of a `node:http` request.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { RequestBody, RequestView } from '../http/exchange.ts';
import { readNodeBody } from './node-request-body.ts';

const none: readonly string[] = [];

/** What a framework may have added to the request before the guard. */
export interface NodeRequestExtras {
  /** The body that a parser made. */
  readonly body?: unknown;
  /** The bytes that a parser kept. */
  readonly rawBody?: unknown;
}

/**
 * A view of a request that may have been parsed before.
 *
 * @typeParam Native - what the functions of a route are given.
 */
export class NodeRequestView<Native> implements RequestView<Native> {
  readonly method: string;
  readonly target: string;
  readonly native: Native;
  readonly #request: IncomingMessage & NodeRequestExtras;

  /** @param target - the whole path and query, where the framework has rewritten `request.url`. */
  constructor(native: Native, request: IncomingMessage & NodeRequestExtras, target: string = request.url ?? '/') {
    this.native = native;
    this.#request = request;
    this.method = request.method ?? 'GET';
    this.target = target;
  }

  fields(name: string): readonly string[] {
    return this.#request.headers[name] === undefined ? none : rawFieldValues(this.#request.rawHeaders, name);
  }

  body(limitBytes: number): Promise<RequestBody> {
    return readNodeBody(this.#request, limitBytes);
  }
}

/**
 * Reads the lines as they came, since `request.headers` joins or drops repeated ones. Lengths are compared first:
 * that spares nearly all of the case folding.
 */
export function rawFieldValues(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string;
    if (field.length !== name.length || (field !== name && field.toLowerCase() !== name)) continue;
    values ??= [];
    values.push(rawHeaders[index + 1] as string);
  }
  return values ?? none;
}
