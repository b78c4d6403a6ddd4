/**
 * The requests of Nest's platforms, and their contexts.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { TransactionKind } from '../../core/store.ts';
import type { HttpContext } from '../../http/layer.ts';
import { RequestMark } from '../../http/request-mark.ts';
import { KEY_HEADER } from '../../protocol/headers.ts';
import type { ContextHolder } from '../guard-contexts.ts';

/**
 * The members that the requests of Express and Fastify share. Annotate the parameter of an option to use more:
 * `principal: (request: Request & { user: User }) => request.user.accountId`.
 */
export interface NestRequest {
  readonly method: string;
  /** The whole path and query. */
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
  /** Set by the application's authentication. */
  readonly user?: unknown;
}

/** As an exchange names it. */
export const keyHeader = KEY_HEADER.toLowerCase();

const exchanges = new RequestMark<ContextHolder<never, unknown>>();

/** Records that the handler of this request runs from here on. */
export function setContext<Kind extends TransactionKind>(request: object, holder: ContextHolder<Kind, unknown>): void {
  exchanges.set(request, holder as ContextHolder<never, unknown>);
}

/** The context of a request; undefined if it runs without protection. Created on first use. */
export function contextOf(request: object | undefined): HttpContext | undefined {
  return request === undefined ? undefined : (exchanges.get(request)?.context as HttpContext | undefined);
}
