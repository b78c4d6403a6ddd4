import { once } from 'node:events';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { idempotency as fetchGuard } from '../../src/adapters/fetch.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { open } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, gate, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

type Handler = (request: Request) => Response | Promise<Response>;
type Options = { readonly afterFailure?: 'rerun'; readonly response?: { readonly maxBytes?: number } };

const settings = () => ({ ...guardOptions().options, timing: { leaseMs: 300 } });

/** The same handler behind both guards. */
const applications: Record<
  string,
  (handler: Handler, options?: Options) => (request: Request) => Response | Promise<Response>
> = {
  fetch: (handler, options) => fetchGuard({ ...settings(), ...options })(handler),
  hono: (handler, options) => {
    const app = new Hono();
    app.post('/charges', honoGuard({ ...settings(), ...options }), (c: Context) => handler(c.req.raw));
    app.onError((error, c) => c.text(error.message, 500));
    return app.fetch;
  },
};

/** A client that disconnects as soon as the handler runs, and the handler's wait. */
function hangUp() {
  const began = gate();
  return {
    began,
    gone: gate(),
    async untilGone({ signal }: Request): Promise<void> {
      began.open();
      if (!signal.aborted) await once(signal, 'abort');
    },
    async send(origin: string): Promise<void> {
      const request = open(origin, { key: firstKey, body: '{"amount":2000}' }).on('error', () => undefined);
      request.end('{"amount":2000}');
      await began.passed;
      request.destroy();
    },
  };
}

const isInProgress = (status: string | null | undefined) => status?.startsWith('in-progress') === true;

/** The answer that retries get once the first request is no longer in progress. */
async function retry(origin: string) {
  await until(async () => !isInProgress((await post(origin)).header('idempotency-status')));
  return post(origin);
}

const notKept = [410, expect.objectContaining({ code: 'response-not-kept' })];

/** Only ends when it is cancelled. */
function endless(cancel = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('one')), cancel });
}

describe.each(Object.entries(applications))(
  'a client of %s that disconnects before the answer',
  (_name, application) => {
    const start = (handler: Handler, options?: Options) => serve(getRequestListener(application(handler, options)));

    const failures: Record<string, Handler> = {
      'a throw': ({ signal }) => signal.throwIfAborted() as never,
      'a 503': () => new Response('nobody listens', { status: 503 }),
      'a 500 as a stream': () => new Response(new Blob(['nobody listens']).stream(), { status: 500 }),
    };
    for (const [failure, answer] of Object.entries(failures)) {
      it(`R86 gets response-not-kept after ${failure} of a handler that noticed it`, async () => {
        const { untilGone, send } = hangUp();
        let runs = 0;
        const origin = await start(async (request) => {
          runs += 1;
          await untilGone(request);
          return answer(request);
        });
        await send(origin);
        const answered = await retry(origin);
        expect([answered.status, answered.json()]).toEqual(notKept);
        expect(runs).toBe(1);
      });
    }

    it('R35 gets the failure of a handler that never used the signal', async () => {
      const { began, gone, send } = hangUp();
      const handler = async () => {
        began.open();
        await gone.passed;
        return new Response('out of order', { status: 500 });
      };
      const listener = getRequestListener(application(handler));
      const origin = await serve((request, response) => {
        response.once('close', gone.open);
        void listener(request, response);
      });
      await send(origin);
      const answered = await retry(origin);
      expect([answered.status, answered.body.toString()]).toEqual([500, 'out of order']);
    });

    it('R86 runs again under rerun', async () => {
      const { untilGone, send } = hangUp();
      let runs = 0;
      const origin = await start(
        async (request) => {
          runs += 1;
          if (runs > 1) return new Response('charged');
          await untilGone(request);
          throw request.signal.reason;
        },
        { afterFailure: 'rerun' },
      );
      await send(origin);
      expect([(await retry(origin)).body.toString(), runs]).toEqual(['charged', 2]);
    });

    it("R45 gets the handler's answer", async () => {
      const { untilGone, send } = hangUp();
      const origin = await start(async (request) => {
        await untilGone(request);
        return Response.json({ charged: true }, { status: 201 });
      });
      await send(origin);
      const answered = await retry(origin);
      expect([answered.status, answered.json()]).toEqual([201, { charged: true }]);
    });

    it('R86 gets response-not-kept within a lease for a stalled stream', async () => {
      const { untilGone, send } = hangUp();
      let cancelled = false;
      const origin = await start(async (request) => {
        await untilGone(request);
        return new Response(
          endless(() => {
            cancelled = true;
          }),
        );
      });
      await send(origin);
      const answered = await retry(origin);
      expect([answered.status, answered.json()]).toEqual(notKept);
      expect(cancelled).toBe(true);
    });
  },
);

/** Twenty pieces, each in a separate turn. */
function pieces(passed: Promise<void> = Promise.resolve()): ReadableStream<Uint8Array> {
  let left = 20;
  return new ReadableStream({
    async pull(controller) {
      await passed;
      await pause(1);
      left -= 1;
      controller.enqueue(new TextEncoder().encode('0123456789'));
      if (left === 0) controller.close();
    },
  });
}

describe('a streamed answer that nobody reads', () => {
  const whole = '0123456789'.repeat(20);

  /** Calls the handler with the same request, and with retries once the record is no longer in progress. */
  function caller(handler: (request: Request) => Promise<Response>) {
    const call = () => {
      const headers = { 'Idempotency-Key': firstKey };
      return handler(new Request('https://api.example/charges', { method: 'POST', body: '{}', headers }));
    };
    const retries = async () => {
      await until(async () => !isInProgress((await call()).headers.get('idempotency-status')));
      return call();
    };
    return { call, retries };
  }

  it('R86 holds its record for at most one lease, and continues when it is read', async () => {
    const guard = fetchGuard({ ...settings(), response: { maxBytes: 20 } });
    const { call, retries } = caller(guard(() => new Response(pieces())));
    const first = await call();
    expect(await (await retries()).json()).toMatchObject({ code: 'response-not-kept' });
    expect(await first.text()).toBe(whole);
  });

  it('R86 is given up when its source stalls too', async () => {
    const { call, retries } = caller(fetchGuard(settings())(() => new Response(endless())));
    const first = await call();
    expect(await (await retries()).json()).toMatchObject({ code: 'response-not-kept' });
    await expect(first.text()).rejects.toThrow('nobody read it');
  });

  it('is awaited while it is read', async () => {
    const { passed, open: letGo } = gate();
    const { call } = caller(fetchGuard(settings())(() => new Response(pieces(passed))));
    const text = call().then((response) => response.text());
    await pause(900);
    letGo();
    expect(await text).toBe(whole);
    expect(await (await call()).text()).toBe(whole);
  });
});
