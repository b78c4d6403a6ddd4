/**
 * A plain view of a Fastify request, and the bytes that its body was parsed from.
 *
 * @module
 */

import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { RequestBody, RequestView } from '../http/exchange.ts';
import { KEY_FIELD } from '../http/field-names.ts';
import { NodeRequestView } from './node-request.ts';
import { readNodeBody } from './node-request-body.ts';

const keyField = KEY_FIELD.toLowerCase();

/** The bodies of requests with a key, from before they were parsed. */
export class FastifyBodies {
  readonly #bodies = new WeakMap<FastifyRequest, RequestBody>();

  /**
   * Reads the body, bounded by the route's `bodyLimit`, and leaves it to the parser. A stream that another plugin
   * has put in place of the request, to decompress it for one, is left alone: what is parsed from it counts then.
   */
  async keep(request: FastifyRequest, payload: Readable): Promise<void> {
    if (payload !== request.raw || request.headers[keyField] === undefined) return;
    const limit = request.routeOptions.bodyLimit ?? request.server.initialConfig.bodyLimit ?? 1_048_576;
    this.#bodies.set(request, await readNodeBody(request.raw, {}, limit));
  }

  /** What was kept, as far as it is within a limit. */
  get(request: FastifyRequest, limitBytes: number): RequestBody | undefined {
    const body = this.#bodies.get(request);
    return body?.kind === 'bytes' && body.bytes.length > limitBytes ? { kind: 'too-large' } : body;
  }
}

/** The view of a request whose body was parsed already. */
export function viewOf(request: FastifyRequest, bodies: FastifyBodies): RequestView<FastifyRequest> {
  const { raw, originalUrl } = request;
  return new FastifyView({ native: request, request: raw, parsed: request, target: originalUrl }, bodies);
}

class FastifyView extends NodeRequestView<FastifyRequest> {
  readonly #bodies: FastifyBodies;

  constructor(parts: ConstructorParameters<typeof NodeRequestView<FastifyRequest>>[0], bodies: FastifyBodies) {
    super(parts);
    this.#bodies = bodies;
  }

  override async body(limitBytes: number): Promise<RequestBody> {
    return this.#bodies.get(this.native, limitBytes) ?? super.body(limitBytes);
  }
}
