import { describe, expectTypeOf, it } from 'vitest';
import { type FetchContext, type FetchGuard, idempotency } from '../../src/adapters/fetch.ts';
import type { SqliteDatabase, SqliteTransactions } from '../../src/stores/sqlite/index.ts';
import { guardOptions } from './apps/harness.ts';

/** As declared by Next.js: a Request with more members. */
class NextRequest extends Request {
  readonly nextUrl = new URL(this.url);
}

/** Next.js' second argument. */
interface RouteContext {
  readonly params: Promise<{ readonly id: string }>;
}

/** A Worker's further arguments. */
interface Bindings {
  readonly PROVIDER: string;
}
interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void;
}

const guard = idempotency(guardOptions().options);
const answer = () => new Response();

describe('the types of the fetch guard', () => {
  it('take the request of an unannotated handler for a Request', () => {
    const handler = guard(async (request) => {
      expectTypeOf(request).toEqualTypeOf<Request>();
      return answer();
    });
    expectTypeOf(handler).toEqualTypeOf<(request: Request) => Promise<Response>>();
  });

  it("keep the parameters of Next.js' route handlers", () => {
    const handler = guard(async (request: NextRequest, { params }: RouteContext) => {
      expectTypeOf(guard.context(request)).toEqualTypeOf<FetchContext>();
      return Response.json([request.nextUrl.pathname, (await params).id]);
    });
    expectTypeOf(handler).toEqualTypeOf<(request: NextRequest, route: RouteContext) => Promise<Response>>();
    const explicit = guard.withContext(async (context, _request: NextRequest, { params }: RouteContext) => {
      expectTypeOf(context).toEqualTypeOf<FetchContext>();
      return Response.json((await params).id);
    });
    expectTypeOf(explicit).toEqualTypeOf(handler);
  });

  it("keep the parameters of a Worker's fetch", () => {
    const worker = { fetch: guard((_request: Request, env: Bindings, _ctx: ExecutionContext) => Response.json(env)) };
    expectTypeOf(worker.fetch).toEqualTypeOf<
      (request: Request, env: Bindings, ctx: ExecutionContext) => Promise<Response>
    >();
  });

  it('keep the rest parameters of a wrapper', () => {
    const wrapped = <Args extends readonly unknown[]>(
      handler: (request: Request, ...args: Args) => Promise<Response>,
    ) => guard((request: Request, ...args: Args) => handler(request, ...args));
    const handler = wrapped(async (_request, env: Bindings) => Response.json(env));
    expectTypeOf(handler).parameters.toEqualTypeOf<[request: Request, env: Bindings]>();
  });

  it("give the guard's functions the framework's request", () => {
    const { store } = guardOptions().options;
    const nextGuard = idempotency({ store, principal: (request: NextRequest) => request.nextUrl.username });
    expectTypeOf(nextGuard).toEqualTypeOf<FetchGuard<never, NextRequest>>();
    nextGuard((request) => Response.json(request.nextUrl.pathname));
    nextGuard.with({ response: { authorizeReplay: (request) => request.nextUrl.pathname !== '/' } });
    expectTypeOf(nextGuard((_request: Request) => answer())).parameters.toEqualTypeOf<[request: NextRequest]>();
  });

  it("give the context the transactions of the guard's store", () => {
    const inSqlite = (sqlite: FetchGuard<SqliteTransactions>) =>
      sqlite.withContext((context) =>
        context.finish((database) => {
          expectTypeOf(database).toEqualTypeOf<SqliteDatabase>();
          return { status: 201 };
        }),
      );
    expectTypeOf(inSqlite).returns.toEqualTypeOf<(request: Request) => Promise<Response>>();
    guard.withContext((context) => {
      expectTypeOf(context.finish).toBeNever();
      return answer();
    });
  });
});
