import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { idempotency } from '../../../src/adapters/fetch.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { isStream, listen, tenantOf } from './server.ts';

export function responseOf(reply: SuiteReply): Response {
  if ('finished' in reply) return reply.finished as Response;
  const { status = 200, headers: lines = [], body } = reply;
  const headers = new Headers();
  for (const [name, value] of lines) headers.append(name, value);
  if (isStream(body)) return new Response(streamOf(body), { status, headers });
  return new Response((body as string | Uint8Array<ArrayBuffer> | undefined) ?? null, { status, headers });
}

function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

export const headerOf = (request: Request) => (name: string) => request.headers.get(name) ?? undefined;

/** The answer of a timeout. */
export function emptyWith(status: number): Response {
  return new Response(null, { status });
}

export function startFetch<Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> {
  const guard = idempotency<Kind>({
    ...setup.options,
    principal: (request) => tenantOf(request.headers.get('x-tenant')),
  });
  const guarded = guard(async (request) => {
    const context = guard.tryContext(request);
    const body = await request.text();
    return responseOf(await setup.handler({ method: request.method, body, context, header: headerOf(request) }));
  });
  const listener = getRequestListener(async (request) => {
    const { refuse, late, headers = [] } = setup.outer(headerOf(request));
    if (refuse !== undefined) return new Response(null, { status: refuse });
    const answered = guarded(request);
    const response = await (late === undefined ? answered : Promise.race([answered, late.then(emptyWith)]));
    for (const [name, value] of headers) response.headers.set(name, value);
    return response;
  });
  return listen(createServer(listener));
}
