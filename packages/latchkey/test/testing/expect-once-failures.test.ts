import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/fetch.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { expectOnce, type OnceApp, type TestStore, testStore } from '../../src/testing/index.ts';

const request = { path: '/charges', body: { amount: 2000 } };
const options = (store: TestStore) =>
  ({ store, principal: () => 'tenant', afterFailure: 'rerun', log: false }) as const;

/** Runs `expectOnce` on a fetch application that counts one effect per call of `effect`, and returns its error. */
async function failureOf(
  create: (store: TestStore, effect: (name?: string) => void) => OnceApp,
  settings: { crashes?: 'between-steps' | 'none'; store?: TestStore } = {},
): Promise<AssertionError> {
  const store = settings.store ?? testStore();
  const effects: string[] = [];
  const app = create(store, (name = 'charge') => void effects.push(name));
  const failure = await expectOnce(app, request, { ...settings, store, effects: () => effects }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(AssertionError);
  return failure as AssertionError;
}

describe('expectOnce finds', () => {
  const guarded = (store: TestStore, handler: (context: HttpContext<never, Response>) => Promise<Response>) =>
    idempotency(options(store)).withContext((context, _request: Request) => handler(context));

  it('an effect outside of a step, after a crash', async () => {
    const failure = await failureOf((store, effect) =>
      guarded(store, async (context) => {
        effect();
        await context.step('mail', () => 'sent');
        return new Response('done');
      }),
    );
    expect(failure.message).toContain(
      'after a crash between the effect of the step "mail" and its save; its effects must be those of one request.',
    );
    expect(failure.actual).toEqual(['charge', 'charge']);
    expect(failure.expected).toEqual(['charge']);
    expect(failure.message).toContain('+ actual - expected');
  });

  it('a step whose key the other system ignores, but not between steps', async () => {
    const create = (store: TestStore, effect: () => void) =>
      guarded(store, async (context) => {
        await context.step('charge', () => effect());
        return new Response('done');
      });
    const failure = await failureOf(create);
    expect(failure.message).toContain('Send its idempotencyKey to the other system');
    const store = testStore();
    let effects = 0;
    const app = create(store, () => {
      effects += 1;
    });
    await expectOnce(app, request, { store, effects: () => effects, crashes: 'between-steps' });
  });

  it('a worker that continues after it has lost its record', async () => {
    const failure = await failureOf((store, effect) =>
      guarded(store, async (context) => {
        await context.step('prepare', () => 'prepared').catch(() => undefined);
        if (context.attempt === 1 && context.signal.aborted) effect('zombie');
        await context.step('charge', () => 1).catch(() => undefined);
        if (!context.signal.aborted) effect();
        return new Response('done');
      }),
    );
    expect(failure.message).toContain('A handler must end when a step throws a LeaseLostError');
    expect(failure.actual).toEqual(['charge', 'zombie']);
  });

  it('a store whose claims are not atomic', async () => {
    const base = memoryStore();
    const claimAlone = base.claim.bind(base);
    let claims: ReturnType<typeof claimAlone>[] = [];
    /** Two claims in the same turn both win. */
    const claim: typeof claimAlone = (request) => {
      const outcome = claims[0] ?? claimAlone(request);
      claims = [outcome];
      setImmediate(() => {
        claims = [];
      });
      return outcome;
    };
    const failure = await failureOf(
      (store, effect) =>
        guarded(store, async () => {
          effect();
          return new Response('done');
        }),
      { store: testStore(Object.assign(base, { claim })), crashes: 'none' },
    );
    expect(failure.message).toContain('twice at once');
  });

  it('a route without a guard, and a refusal before the guard', async () => {
    const unguarded = await failureOf((_store, effect) => async () => {
      effect();
      return new Response('done');
    });
    expect(unguarded.message).toContain('Is the route guarded');
    const refused = await failureOf(() => (_request: Request) => new Response('sign in', { status: 401 }));
    expect(refused.actual).toMatchObject({ status: 401, body: 'sign in' });
  });

  it('a request without an effect', async () => {
    const failure = await failureOf((store) => guarded(store, async () => new Response('nothing', { status: 404 })));
    expect(failure.message).toContain('the request had no effect. It was answered with 404');
  });

  it('an answer that is not kept', async () => {
    let effects = 0;
    const store = testStore();
    const app = idempotency({ ...options(store), response: { keep: () => false } })(async (_request: Request) => {
      effects = 1;
      return new Response('done');
    });
    const run = expectOnce(app, request, { store, effects: () => effects });
    await expect(run).rejects.toThrow('the request was sent again, and must get the first answer');
  });

  it('a retry that fails after a crash', async () => {
    const failure = await failureOf((store, effect) =>
      guarded(store, async (context) => {
        if (context.attempt > 1) throw new Error('not prepared for this');
        await context.step('charge', () => effect());
        return new Response('done');
      }),
    );
    expect(failure.message).toContain('not answered as at first');
    expect(failure.actual).toMatchObject({ status: 500 });
  });

  it('a handler that takes another way each time', async () => {
    let runs = 0;
    const failure = await failureOf((store, effect) =>
      guarded(store, async (context) => {
        runs += 1;
        effect();
        await context.step(`step ${runs}`, () => 1);
        return new Response('done');
      }),
    );
    expect(failure.message).toMatch(/no crash .* the handler took another way/);
  });
});

describe('expectOnce refuses', () => {
  const effects = () => 1;
  const refused = (app: unknown, given: unknown, settings: object) =>
    expect(expectOnce(app as OnceApp, given as typeof request, settings as never)).rejects;

  it('an unknown application', async () => {
    await refused({ listen() {} }, request, { effects, crashes: 'none' }).toThrow(
      'must be a URL, a node:http listener',
    );
  });

  it('no store, another store, and a store that the application does not use', async () => {
    const app = () => new Response();
    await refused(app, request, { effects }).toThrow('store must be set');
    await refused(app, request, { effects, store: memoryStore() }).toThrow('store must be the testStore');
    let runs = 0;
    const other = idempotency(options(testStore()))(async (_request: Request) => {
      runs += 1;
      return new Response();
    });
    await refused(other, request, { effects: () => runs, store: testStore() }).toThrow('did not use the store');
  });

  it('effects that are neither a number nor a list', async () => {
    const app = () => new Response();
    await refused(app, request, { effects: () => undefined, crashes: 'none' }).toThrow('a number or a list');
    await refused(app, request, { crashes: 'none' }).toThrow('effects must be a function');
    let calls = 0;
    const both = () => {
      calls += 1;
      return calls > 1 ? 1 : [];
    };
    const guarded = idempotency(options(testStore()))(async (_request: Request) => new Response());
    await refused(guarded, request, { effects: both, crashes: 'none' }).toThrow(
      'effects must always return a number, or always a list',
    );
  });

  it('a request that it cannot send', async () => {
    const send = (given: unknown) => refused(() => new Response(), given, { effects, crashes: 'none' });
    await send({ path: 'charges' }).toThrow('path must be a path that begins with "/"');
    await send({ path: '/', headers: { 'idempotency-key': '"k"' } }).toThrow('without Idempotency-Key');
    await send({ path: '/', json: {} }).toThrow('has no option "json"');
    await send({ path: '/', body: () => 1 }).toThrow('body must be');
  });
});
