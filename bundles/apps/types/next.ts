// Route handlers with Next's own types. The functions at the end are what Next generates for each route.

import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/next';
import type { NextRequest } from 'next/server';

interface RouteContext {
  params: Promise<{ id: string }>;
}

const guard = idempotency({
  store: memoryStore(),
  principal: (request) => request.cookies.get('account')?.value,
});

export const POST = guard(async (request: NextRequest, { params }: RouteContext) => {
  const { id } = await params;
  const attempt: number = guard.context(request).attempt;
  return Response.json({ id, path: request.nextUrl.pathname, attempt });
});

export const PATCH = guard.withContext(async (context, request, { params }: RouteContext) => {
  const shipped = await context.step('ship', async () => ({ id: (await params).id }));
  return Response.json({ shipped, path: request.nextUrl.pathname });
});

/** A route without parameters has no second argument. */
export const PUT = guard((request) => Response.json({ path: request.nextUrl.pathname }));

// @ts-expect-error: the parameters are a promise.
guard((_request: NextRequest, { params }: RouteContext) => Response.json({ id: params.id }));

type RouteHandler = (request: NextRequest, context: RouteContext) => Response | Promise<Response>;

export const handlers: Record<'POST' | 'PATCH' | 'PUT', RouteHandler> = { POST, PATCH, PUT };
