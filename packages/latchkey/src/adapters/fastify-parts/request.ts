/**
 * The bytes that the body of a Fastify request was parsed from.
 *
 * @module
 */

import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { RequestBody } from '../../http/exchange.ts';
import { RequestMark } from '../../http/request-mark.ts';
import { KEY_HEADER } from '../../protocol/headers.ts';
import { tapNodeBody, tappedBody } from '../node-http/body-tap.ts';
import { readNodeBody } from '../node-http/request-body.ts';

const keyHeader = KEY_HEADER.toLowerCase();

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
    if (payload !== raw || request.headers[keyHeader] === undefined) return undefined;
    return tapNodeBody(raw) ? undefined : this.#read(request);
  }

  /** What was kept. */
  get(request: FastifyRequest, route: LimitedRoute): RequestBody | Promise<RequestBody> | undefined {
    return tappedBody(request.raw, bodyLimitOf(request, route)) ?? this.#bodies.get(request);
  }

  async #read(request: FastifyRequest): Promise<void> {
    this.#bodies.set(request, await readNodeBody(request.raw, {}, bodyLimitOf(request, request.routeOptions)));
  }
}

/** What is known of a route once, since `request.routeOptions` is put together each time it is asked for. */
export interface LimitedRoute {
  readonly bodyLimit?: number | undefined;
}

function bodyLimitOf(request: FastifyRequest, route: LimitedRoute): number {
  return route.bodyLimit ?? request.server.initialConfig.bodyLimit ?? 1_048_576;
}

/** The exchange that a request's handler runs under. Copies of this module in one program share the symbol. */
const exchangeKey = Symbol.for('latchkey.fastify.exchange');

/** From here on `request.idempotency` is the context of this exchange. */
export function setContext(request: FastifyRequest, exchange: { readonly context: unknown }): void {
  Reflect.set(request, exchangeKey, exchange);
}

/** What `request.idempotency` is; made on first use, since most handlers never ask for it. */
export function contextOf(request: FastifyRequest): FastifyRequest['idempotency'] {
  const exchange: { readonly context: FastifyRequest['idempotency'] } | undefined = Reflect.get(request, exchangeKey);
  return exchange?.context;
}
