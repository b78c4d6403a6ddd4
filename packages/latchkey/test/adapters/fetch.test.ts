import { getRequestListener } from '@hono/node-server';
import { describe, expect, it } from 'vitest';
import { type FetchContext, idempotency } from '../../src/adapters/fetch.ts';
import { open, responseTo } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, gate, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

function keyed(init: RequestInit = {}, key = firstKey): Request {
  const headers = { 'Idempotency-Key': key };
  return new Request('https://api.example/charges?a=1#part', { method: 'POST', body: '{}', headers, ...init });
}

function oneThenTwo(passed: Promise<void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('one'));
      await passed;
      controller.enqueue(encoder.encode('two'));
      controller.close();
    },
  });
}

const isContext = (value: unknown) => typeof value === 'object' && value !== null && 'operationId' in value;

describe('the arguments of a fetch handler', () => {
  it('end with the context, where the runtime passes none beside the request', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async (request, context) => {
      expect(context).toBe(guard.context(request));
      return Response.json(isContext(context));
    });
    expect(await (await handler(keyed())).json()).toBe(true);
  });

  it('end with the context, where the runtime passes one that the handler does not declare', async () => {
    const guard = idempotency(guardOptions().options);
    const handler: (request: Request, route: object) => Promise<Response> = guard(async (_request, context) =>
      Response.json(isContext(context)),
    );
    expect(await (await handler(keyed(), { params: {} })).json()).toBe(true);
  });

  it('keep what the runtime passes before it', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async (_request: Request, env: { name: string }, id: number, context: FetchContext) =>
      Response.json([env.name, id, isContext(context)]),
    );
    expect(await (await handler(keyed(), { name: 'prod' }, 7)).json()).toEqual(['prod', 7, true]);
  });

  it('end with undefined for a request without protection', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async (request, context) =>
      Response.json([context === undefined, guard.find(request) === undefined]),
    );
    expect(await (await handler(keyed({ headers: {} }))).json()).toEqual([true, true]);
  });

  it('are the same request object, its body unread', async () => {
    class FrameworkRequest extends Request {
      readonly extra = 'kept';
    }
    const guard = idempotency(guardOptions().options);
    const request = new FrameworkRequest(keyed());
    const handler = guard(async (given) => Response.json([given === request, await given.text()]));
    expect(await (await handler(request)).json()).toEqual([true, '{}']);
  });
});

describe('a fetch handler', () => {
  it('that throws is answered by the layer, and an observer hears of it', async () => {
    const errors: unknown[] = [];
    const { options } = guardOptions();
    const guard = idempotency({
      ...options,
      onEvent: (event) => event.type === 'handler-error' && errors.push(event.error),
    });
    const handler = guard(() => {
      throw new TypeError('boom');
    });
    const answer = await handler(keyed());
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'operation-failed' }]);
    expect(errors).toEqual([new TypeError('boom')]);
  });

  it('that returns no answer that could be sent has failed, and the retry hears the same', async () => {
    const guard = idempotency(guardOptions().options);
    const used = Response.json({ read: 'before' });
    await used.text();
    for (const [index, unsendable] of [Response.error(), used].entries()) {
      const handler = guard(() => unsendable);
      for (let times = 0; times < 2; times += 1) {
        const answer = await handler(keyed({}, `${firstKey}-${index}`));
        expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'operation-failed' }]);
      }
    }
  });

  it('whose body ends before its Content-Length has failed', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(() => new Response('short', { headers: { 'content-length': '100' } }));
    await handler(keyed());
    const retry = await handler(keyed());
    expect([retry.status, await retry.json()]).toMatchObject([410, { code: 'response-not-kept' }]);
  });

  it('is guarded whatever the letter case of the method', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async (_request, context) => Response.json(isContext(context)));
    expect(await (await handler(keyed({ method: 'patch' }))).json()).toBe(true);
  });

  it('is kept alive by waitUntil until its answer is stored', async () => {
    const { options, faults } = guardOptions();
    const work: Promise<unknown>[] = [];
    const guard = idempotency({
      ...options,
      waitUntil: (promise, request, env) => {
        expect([request.url, env]).toEqual([keyed().url, 'env']);
        work.push(promise);
      },
    });
    const handler: (request: Request, env: string) => Promise<Response> = guard(async () => new Response('x'));
    await handler(keyed(), 'env');
    await Promise.all(work);
    expect([work.length, faults.calls.get('complete')]).toEqual([1, 1]);
  });

  it('may answer with every status, empty ones included', async () => {
    const guard = idempotency(guardOptions().options);
    for (const [index, status] of [204, 205, 304, 201, 303, 418].entries()) {
      const handler = guard(() => new Response(null, { status, headers: { location: '/x' } }));
      for (let times = 0; times < 2; times += 1) {
        const answer = await handler(keyed({}, `${firstKey}-${index}`));
        expect([answer.status, await answer.text(), answer.headers.get('location')]).toEqual([status, '', '/x']);
      }
    }
  });

  it('is told that its body was consumed before the guard', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async () => new Response('x'));
    const request = keyed();
    await request.text();
    const answer = await handler(request);
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'body-consumed' }]);
  });

  it('has its stream stored, though the client cancels', async () => {
    const { options } = guardOptions();
    const { passed, open: proceed } = gate();
    const guard = idempotency(options);
    const handler = guard(() => {
      return new Response(oneThenTwo(passed));
    });
    const origin = await serve(getRequestListener((request) => handler(request)));
    const request = open(origin, { key: firstKey, body: '{"amount":2000}' });
    request.on('error', () => undefined).end('{"amount":2000}');
    const response = await responseTo(request);
    await new Promise((resolve) => response.on('error', () => undefined).once('data', resolve));
    request.destroy();
    proceed();
    await until(async () => (await options.store.list({ state: 'completed', limit: 1 })).records.length === 1);
    expect((await post(origin)).body.toString()).toBe('onetwo');
  });

  it('does not run its endless stream on for a client that has gone', async () => {
    const { options } = guardOptions();
    let cancelled = false;
    const guard = idempotency({ ...options, maxResponseBytes: 100_000 });
    const handler = guard(() => {
      const body = new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          controller.enqueue(new Uint8Array(10_000));
        },
        cancel: () => {
          cancelled = true;
        },
      });
      return new Response(body);
    });
    const answer = await handler(keyed());
    await answer.body?.cancel();
    await until(() => cancelled);
    expect((await (await handler(keyed())).json()).code).toBe('response-not-kept');
  });

  it('does not end its answer before that is stored', async () => {
    const { options, faults } = guardOptions();
    faults.next('complete', { kind: 'hang' });
    const guard = idempotency(options);
    const { passed, open: proceed } = gate();
    const handler = guard(() => {
      return new Response(oneThenTwo(passed), { headers: { 'content-length': '6' } });
    });
    const reader = (await handler(keyed())).body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('one');
    proceed();
    let came = false;
    void reader?.read().then(() => {
      came = true;
    });
    await until(() => faults.calls.get('complete') === 1);
    expect(came).toBe(false);
  });
});
