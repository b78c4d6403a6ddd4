/**
 * The guard for Next.js: route handlers, server actions and their forms. For API routes of `pages/`, use
 * `latchkey/node`.
 *
 * @example
 * ```ts
 * // app/orders/route.ts
 * const guard = idempotency({ store: sqliteStore({ database: 'orders.db' }), principal: (request) => tenantOf(request) })
 * export const POST = guard(async (request) => Response.json(await placeOrder(await request.json()), { status: 201 }))
 * ```
 * @module
 */

/// <reference path="./next-parts/next-modules.d.ts" />
import type { NextRequest } from 'next/server.js';
import type { TransactionKind } from '../core/store.ts';
import { type FetchGuard, type FetchGuardOptions, idempotency as fetchGuard } from './fetch.ts';
import { keepAlive } from './next-parts/work-store.ts';

export type { FetchContext, FetchHandler } from './fetch.ts';
export {
  type Action,
  type ActionContext,
  type ActionFinish,
  type IdempotentAction,
  idempotentAction,
} from './next-parts/action.ts';
export type { ActionOptions } from './next-parts/action-options.ts';
export { IdempotencyField, type IdempotencyFieldProps } from './next-parts/field.ts';

/**
 * The return type of {@link idempotency}. The handler keeps Next's arguments: `guard(async (request, { params }) => …)`.
 */
export type NextGuard<Kind extends TransactionKind = never> = FetchGuard<Kind, NextRequest>;

/** The options of the guard. `waitUntil` has a default: Next's `after()`. */
export type NextGuardOptions<Kind extends TransactionKind = never> = FetchGuardOptions<Kind, NextRequest>;

/**
 * Creates a guard for route handlers. It is the guard of `latchkey/fetch` for a `NextRequest`. If the client disconnects,
 * `after()` keeps the platform alive until the answer is stored.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * export const POST = guard(async (request: NextRequest, { params }: { params: Promise<{ id: string }> }) => {
 *   const { id } = await params
 *   return Response.json(await guard.context(request).step('ship', () => ship(id)), { status: 201 })
 * })
 * ```
 */
export function idempotency<Kind extends TransactionKind = never>(options: NextGuardOptions<Kind>): NextGuard<Kind> {
  return fetchGuard<Kind, NextRequest>({ ...options, waitUntil: options.waitUntil ?? keepAlive });
}
