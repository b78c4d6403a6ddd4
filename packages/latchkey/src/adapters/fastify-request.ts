/**
 * A plain view of a Fastify request, and the bytes that its body was parsed from.
 *
 * @module
 */

import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { RequestBody, RequestView } from '../http/exchange.ts';
import { KEY_FIELD } from '../http/field-names.ts';
import { RequestMark } from '../http/request-mark.ts';
import { tapNodeBody, tappedBody } from './node-body-tap.ts';
import { NodeRequestView } from './node-request.ts';
import { readNodeBody } from './node-request-body.ts';

const keyField = KEY_FIELD.toLowerCase();

/** Bodies that were read before they were parsed. */
export class FastifyBodies {
  readonly #bodies = new RequestMark<RequestBody>();

  /**
   * Sees to it that the bytes of a body are known after it was parsed: mostly they are tapped, or else read, bounded by
   * the route's `bodyLimit`, and left to the parser. A stream that another plugin has put in place of the request, to
   * decompress it for one, is left alone: what is parsed from it counts then.
   */
  keep(request: FastifyRequest, payload: Readable): Promise<void> | undefined {
    const { raw } = request;
    if (payload !== raw || raw.headers[keyField] === undefined) return undefined;
    const limit = request.routeOptions.bodyLimit ?? request.server.initialConfig.bodyLimit ?? 1_048_576;
    return tapNodeBody(raw, limit) ? undefined : this.#read(request, limit);
  }

  /** What was kept. */
  get(request: FastifyRequest): RequestBody | Promise<RequestBody> | undefined {
    return tappedBody(request.raw) ?? this.#bodies.get(request);
  }

  async #read(request: FastifyRequest, limit: number): Promise<void> {
    this.#bodies.set(request, await readNodeBody(request.raw, {}, limit));
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

  override body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return this.#bodies.get(this.native) ?? super.body(limitBytes);
  }
}
