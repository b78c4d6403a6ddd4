import { getRequestListener } from '@hono/node-server';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/fetch.ts';
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

describe('the arguments of a fetch handler', () => {
  it('are those of the runtime, however many the handler declares', async () => {
    const guard = idempotency(guardOptions().options);
    const declared: Record<string, (...args: readonly unknown[]) => readonly unknown[]> = {
      none: (...args: readonly unknown[]) => args,
      one: (request: unknown) => [request, 'env', 'execution'],
      two: (request: unknown, env: unknown) => [request, env, 'execution'],
      'a default and rest': (request: unknown, env: unknown = 'default', ...rest: readonly unknown[]) => [
        request,
        env,
        ...rest,
      ],
    };
    for (const [name, handler] of Object.entries(declared)) {
      let seen: readonly unknown[] = [];
      const request = keyed({}, `${firstKey}-${name.replaceAll(' ', '-')}`);
      const wrapped = guard((...args: readonly [Request, string, string]) => {
        seen = handler(...args);
        return new Response();
      });
      await wrapped(request, 'env', 'execution');
      expect(seen, name).toEqual([request, 'env', 'execution']);
    }
  });

  it('are those of the runtime for a request without protection too', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async (request: Request, env: string) =>
      Response.json([env, guard.tryContext(request) === undefined]),
    );
    expect(await (await handler(keyed({ headers: {} }), 'env')).json()).toEqual(['env', true]);
  });

  it('lead to the context by guard.context(request)', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async (request) => {
      expect(guard.tryContext(request)).toBe(guard.context(request));
      return Response.json(guard.context(request).attempt);
    });
    expect(await (await handler(keyed())).json()).toBe(1);
  });

  it('include this, which Bun sets to its server', async () => {
    const guard = idempotency(guardOptions().options);
    const server = {
      port: 3000,
      fetch: guard(function (this: unknown) {
        return Response.json((this as { port: number }).port);
      }),
    };
    expect(await (await server.fetch(keyed())).json()).toBe(3000);
  });

  it('are the same request object, with its body unread', async () => {
    class FrameworkRequest extends Request {
      readonly extra = 'kept';
    }
    const guard = idempotency(guardOptions().options);
    const request = new FrameworkRequest(keyed());
    const handler = guard(async (given) => Response.json([given === request, await given.text()]));
    expect(await (await handler(request)).json()).toEqual([true, '{}']);
  });
});

describe('a handler of guard.withContext()', () => {
  it('gets its context before the arguments of the runtime', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard.withContext(async (context, request: Request, env: { name: string }, id: number) => {
      expect(context).toBe(guard.context(request));
      return Response.json([context.attempt, env.name, id]);
    });
    expect(await (await handler(keyed(), { name: 'prod' }, 7)).json()).toEqual([1, 'prod', 7]);
  });

  it('does not run for a request without a key', async () => {
    const guard = idempotency({ ...guardOptions().options, key: { required: false } });
    const handler = guard.withContext(async () => new Response('ran'));
    const answer = await handler(keyed({ headers: {} }));
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'key-missing' }]);
  });

  it('does not run for an unguarded method, and throws', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard.withContext(async () => new Response('ran'));
    await expect(handler(keyed({ method: 'PUT' }))).rejects.toMatchObject({ code: 'context-missing' });
  });

  it('works with a wrapper that passes it a copy of the request', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard.withContext(async (context, request: Request) => {
      const copy = new Request(request);
      expect(() => guard.context(copy)).toThrow(/copy of the request/);
      return Response.json([context.attempt, await copy.text()]);
    });
    expect(await (await handler(keyed())).json()).toEqual([1, '{}']);
  });
});

describe('a fetch handler', () => {
  it('that throws is answered by the guard, and an event reports it', async () => {
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

  it('that returns an invalid answer has failed, and the retry gets the same error', async () => {
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
    const handler = guard(async (request) => Response.json(guard.context(request).attempt));
    expect(await (await handler(keyed({ method: 'patch' }))).json()).toBe(1);
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
    const handler = guard(async (_request: Request, _env: string) => new Response('x'));
    await handler(keyed(), 'env');
    await Promise.all(work);
    expect([work.length, faults.calls.get('complete')]).toEqual([1, 1]);
  });

  it('refuses a waitUntil that is not a function, and names it after a typo', () => {
    const { options } = guardOptions();
    const wrong = { ...options, waitUntil: true as never };
    expect(() => idempotency(wrong)).toThrow('The guard: waitUntil must be a function; got a boolean.');
    const misspelt = { ...options, waitUntill: () => {} };
    expect(() => idempotency(misspelt)).toThrow('Did you mean "waitUntil"?');
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

  it('gets the error that its body was consumed before the guard', async () => {
    const guard = idempotency(guardOptions().options);
    const handler = guard(async () => new Response('x'));
    const request = keyed();
    await request.text();
    const answer = await handler(request);
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'body-consumed' }]);
  });

  it('has its stream stored although the client cancels', async () => {
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

  it('stops an endless stream when the client has disconnected', async () => {
    const { options } = guardOptions();
    let cancelled = false;
    const guard = idempotency({ ...options, response: { maxBytes: 100_000 } });
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
