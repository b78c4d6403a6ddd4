import { describe, expect, it } from 'vitest';
import {
  idempotency,
  type LambdaEvent,
  type LambdaGuardOptions,
  type LambdaResult,
} from '../../src/adapters/lambda.ts';
import { Invocations } from '../../src/adapters/lambda-parts/invocations.ts';
import { systemRuntime } from '../../src/core/runtime.ts';
import { gate, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { manualRuntime } from '../../src/testing/index.ts';
import { invocation } from './apps/lambda.ts';
import { codeOf, created, httpApi, json, setup, statusOf } from './apps/lambda-rig.ts';

describe('the guard', () => {
  it('accepts one event twice, and finds out that it is mounted twice', async () => {
    const guard = idempotency(setup().options);
    const event = httpApi();
    const handler = guard(async () => created);
    expect([await handler(event, invocation()), await handler(event, invocation())].map(statusOf)).toEqual([
      'executed',
      'replayed',
    ]);
    const twice = guard(guard(async () => created));
    const other = httpApi({ headers: { ...json, 'idempotency-key': 'other' } });
    expect(codeOf(await twice(other, invocation()))).toBe('guard-mounted-twice');
  });

  it('passes its context, or finds it by the event', async () => {
    const guard = idempotency(setup().options);
    const ids: string[] = [];
    const explicit = guard.withContext(async (context, event, { getRemainingTimeInMillis }) => {
      ids.push(context.operationId, guard.context(event).operationId, typeof getRemainingTimeInMillis());
      return created;
    });
    await explicit(httpApi(), invocation());
    expect(ids).toEqual([expect.any(String), ids[0], 'number']);
    expect(codeOf(await explicit(httpApi({ headers: {} }), invocation()))).toBe('key-missing');
    const get = httpApi({ requestContext: { http: { method: 'GET' } } });
    await expect(explicit(get, invocation())).rejects.toMatchObject({ code: 'context-missing' });
  });

  it.each(['guard', 'withContext'] as const)('refuses a handler with a callback: %s', (form) => {
    const guard = idempotency(setup().options);
    const wrap = (form === 'guard' ? guard : guard.withContext) as (handler: unknown) => unknown;
    const withCallback = (_1: unknown, _2: unknown, _3: unknown, _4: unknown) => undefined;
    expect(() => wrap(withCallback)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });

  it('rejects with an error of the principal function, which the platform or middleware handles', async () => {
    const principal = () => Promise.reject(new Error('no session'));
    const handler = idempotency(setup({ principal }).options)(async () => created);
    await expect(handler(httpApi(), invocation())).rejects.toThrow('no session');
  });

  it('works without an invocation, as in a test of an application', async () => {
    const handler = idempotency(setup().options)(async () => created) as (event: LambdaEvent) => Promise<LambdaResult>;
    expect(statusOf(await handler(httpApi()))).toBe('executed');
  });

  it('refuses an option out of bounds', () => {
    expect(() => idempotency(setup({ marginMs: -1 }).options)).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    );
  });
});

/** A handler that ignores its signal until the gate opens. */
function hanging(options: LambdaGuardOptions) {
  const { passed, open } = gate();
  const signals: AbortSignal[] = [];
  const handler = idempotency(options).withContext(async (context) => {
    signals.push(context.signal);
    if (signals.length === 1) await passed;
    return { ...created, body: `attempt ${context.attempt}` };
  });
  return { handler, open, signals };
}

const short = { marginMs: 900 };

describe('before the end of an invocation', () => {
  it('an attempt is abandoned, and the next one need not wait for the lease', async () => {
    const { options, count } = setup({ ...short, afterFailure: 'rerun' });
    const { handler, open, signals } = hanging(options);
    const late = handler(httpApi(), invocation(1_000));
    await until(() => count('lapsed').then((lapsed) => lapsed === 1));
    expect(signals[0]?.aborted).toBe(true);
    expect(await handler(httpApi(), invocation())).toMatchObject({ statusCode: 201, body: 'attempt 2' });
    open();
    expect(codeOf(await late)).toBe('in-progress');
  });

  it('an attempt under refuse is abandoned too, and its outcome is unknown', async () => {
    const { options, count } = setup(short);
    const { handler, open } = hanging(options);
    const late = handler(httpApi(), invocation(1_000));
    await until(() => count('lapsed').then((lapsed) => lapsed === 1));
    expect(codeOf(await handler(httpApi(), invocation()))).toBe('outcome-unknown');
    open();
    expect(await late).toMatchObject({ statusCode: 201, body: 'attempt 1' });
    expect(await handler(httpApi(), invocation()).then(statusOf)).toBe('replayed');
  });

  it('an attempt whose steps obey the signal is released', async () => {
    const { options, count } = setup({ ...short, afterFailure: 'rerun' });
    let calls = 0;
    const handler = idempotency(options).withContext(async (context) => {
      await context.step('reserve', () => {
        calls += 1;
      });
      if (context.attempt === 1) await until(() => context.signal.aborted);
      await context.step('charge', () => undefined);
      return created;
    });
    expect(await handler(httpApi(), invocation(1_000)).then(statusOf)).toBe('operation-failed');
    expect(await count('open')).toBe(1);
    expect(await handler(httpApi(), invocation()).then(statusOf)).toBe('executed');
    expect(calls).toBe(1);
  });

  it('a request that finds too little time is not begun', async () => {
    const { options, count } = setup();
    const handler = idempotency(options)(async () => created);
    const refused = await handler(httpApi(), invocation(900));
    expect([refused.statusCode, codeOf(refused), refused.headers?.['Retry-After']]).toEqual([
      503,
      'nothing-happened',
      '1',
    ]);
    expect(await count('running')).toBe(0);
    expect(await handler(httpApi(), invocation()).then(statusOf)).toBe('executed');
  });

  it('a claim without a reply is given up in time', async () => {
    const { options, faults } = setup(short);
    const handler = idempotency({ ...options, timing: { claimTimeoutMs: 60_000 } })(async () => created);
    faults.next('claim', { kind: 'hang' });
    expect(codeOf(await handler(httpApi(), invocation(1_000)))).toBe('store-unavailable');
  });

  it('a duplicate that waits is answered', async () => {
    const { options, count } = setup({ whenRunning: { waitMs: 60_000 } });
    const { handler, open } = hanging(options);
    const first = handler(httpApi(), invocation());
    await until(() => count('running').then((running) => running === 1));
    expect(codeOf(await handler(httpApi(), invocation(1_100)))).toBe('in-progress');
    open();
    await first;
  });

  it('an answer that the store does not take is sent, marked as not stored', async () => {
    const { options, faults } = setup(short);
    faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const handler = idempotency(options)(async () => created);
    const answer = await handler(httpApi(), invocation(1_000));
    expect(answer).toMatchObject({ statusCode: 201, headers: { 'Idempotency-Stored': 'false' } });
  });
});

/** The system's runtime, with the number of timers that are set. */
function countingRuntime() {
  const pending = new Set<unknown>();
  const { timers } = systemRuntime;
  const set: typeof timers.set = (callback, delayMs, kind) => {
    const fire = () => {
      pending.delete(handle);
      callback();
    };
    const handle = timers.set(fire, delayMs, kind);
    pending.add(handle);
    return handle;
  };
  const clear = (handle: unknown) => {
    pending.delete(handle);
    timers.clear(handle);
  };
  return { pending, runtime: { ...systemRuntime, timers: { set, clear } } };
}

type CountedStore = Pick<LambdaGuardOptions['store'], 'renew' | 'abandon'>;

/** A store, and the number of its renewals and abandonments without a reply. */
function counted<Counted extends CountedStore>(given: Counted) {
  const underWay = { renew: 0, abandon: 0 };
  const around = async <Reply>(method: keyof typeof underWay, reply: Promise<Reply>): Promise<Reply> => {
    underWay[method] += 1;
    return reply.finally(() => {
      underWay[method] -= 1;
    });
  };
  const store = {
    ...given,
    renew: (...request: Parameters<CountedStore['renew']>) => around('renew', given.renew(...request)),
    abandon: (...request: Parameters<CountedStore['abandon']>) => around('abandon', given.abandon(...request)),
  };
  return { store, underWay };
}

describe('between invocations', () => {
  it('no timer and no call of the store is under way', async () => {
    const { pending, runtime } = countingRuntime();
    const { options, faults } = setup({ runtime, timing: { leaseMs: 300 } });
    const { store, underWay } = counted(options.store);
    faults.plan((method) => (method === 'renew' ? { kind: 'delay', delayMs: 50 } : undefined));
    const handler = idempotency({ ...options, store })(async () => {
      await until(() => underWay.renew > 0);
      return created;
    });
    expect(await handler(httpApi(), invocation()).then(statusOf)).toBe('executed');
    expect([underWay, pending.size]).toEqual([{ renew: 0, abandon: 0 }, 0]);
  });

  it('no abandonment is under way', async () => {
    const { options, faults, count } = setup({ ...short, afterFailure: 'rerun' });
    const { store, underWay } = counted(options.store);
    faults.plan((method) => (method === 'abandon' ? { kind: 'delay', delayMs: 100 } : undefined));
    const handler = idempotency({ ...options, store }).withContext(async (context) => {
      await until(() => context.signal.aborted);
      return created;
    });
    expect(await handler(httpApi(), invocation(1_000)).then(statusOf)).toBe('executed');
    expect([underWay.abandon, faults.calls.get('abandon'), await count('completed')]).toEqual([0, 1, 1]);
  });

  it('a claim whose reply was lost is not given back, but at the next invocation', async () => {
    const { pending, runtime } = countingRuntime();
    const { options, faults, count } = setup({ runtime, timing: { claimTimeoutMs: 60 } });
    const handler = idempotency(options)(async () => created);
    faults.plan((method) => (method === 'claim' ? { kind: 'lose-reply' } : undefined));
    expect(codeOf(await handler(httpApi(), invocation()))).toBe('store-unavailable');
    const calls = faults.calls.get('claim');
    await pause(300);
    expect([pending.size, faults.calls.get('claim'), await count('running')]).toEqual([0, calls, 1]);
    faults.plan(() => ({ kind: 'delay', delayMs: 20 }));
    await handler(httpApi({ headers: {} }), invocation());
    expect([pending.size, await count('running')]).toEqual([0, 0]);
    expect(await handler(httpApi(), invocation()).then(statusOf)).toBe('executed');
  });

  it('a timer that is set fires at the next invocation', async () => {
    const runtime = manualRuntime();
    const invocations = new Invocations(runtime);
    const fired: string[] = [];
    invocations.set(() => fired.push('due'), 10);
    invocations.set(() => fired.push('later'), 30);
    invocations.clear(invocations.set(() => fired.push('cleared'), 10));
    await runtime.advance(20);
    expect(fired).toEqual([]);
    invocations.begin();
    expect(fired).toEqual(['due']);
    await runtime.advance(10);
    expect(fired).toEqual(['due', 'later']);
  });

  it('a call of the store that never settles is given up', async () => {
    const { options, faults } = setup({ timing: { leaseMs: 300 } });
    faults.plan((method) => (method === 'renew' ? { kind: 'hang' } : undefined));
    const handler = idempotency(options)(async () => {
      await until(() => (faults.calls.get('renew') ?? 0) > 0);
      return created;
    });
    expect(await handler(httpApi(), invocation()).then(statusOf)).toBe('executed');
  });
});
