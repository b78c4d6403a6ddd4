import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { idempotency } from '../../src/adapters/fetch.ts';
import { LatchkeyError, StoreUnavailableError } from '../../src/core/errors.ts';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import type { LogEntry } from '../../src/core/log.ts';
import { createEmit, observing } from '../../src/core/log.ts';
import { recordReference } from '../../src/core/support/digest.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { layerRig } from '../http/layer-rig.ts';

const secret = 'sk_live_4242';

/** One event of each type that contains private data. */
const events: readonly LatchkeyEvent[] = [
  { type: 'store-error', operation: `POST /${secret}`, during: 'claim', error: new Error(secret) },
  {
    type: 'store-error',
    operation: `POST /${secret}`,
    during: 'claim',
    error: new StoreUnavailableError(`PostgreSQL could not do it: ${secret}`, { cause: new TypeError(secret) }),
  },
  { type: 'store-error', operation: secret, during: 'claim', error: new LatchkeyError('schema-missing', secret) },
  { type: 'handler-error', operation: secret, error: new RangeError(secret) },
  { type: 'handler-error', operation: secret, error: secret },
  { type: 'handler-error', operation: secret, error: Object.assign(new Error(), { code: secret }) },
  { type: 'executed', id: secret, operation: secret, attempt: 1, tookOver: false, recorded: 'unstored' },
  { type: 'executed', id: secret, operation: `again ${secret}`, attempt: 2, tookOver: true, recorded: 'lapsed' },
  { type: 'outcome-unknown', id: secret, operation: secret },
  { type: 'lease-lost', id: secret, operation: secret, reason: 'deadline' },
  { type: 'unprotected', operation: secret },
  { type: 'steps-unasked', id: secret, operation: secret, steps: [secret] },
  { type: 'stuck', id: secret, operation: secret, attempt: 3 },
  {
    type: 'message-failed',
    id: secret,
    operation: secret,
    name: secret,
    attempts: 1,
    error: new Error(secret),
    retryInMs: 1,
  },
  { type: 'message-dead', id: secret, operation: secret, name: secret, attempts: 1, error: new Error(secret) },
];

/** Events that are not logged. */
const quiet: readonly LatchkeyEvent[] = [
  { type: 'claimed', id: 'i', operation: 'o', attempt: 1, tookOver: false },
  { type: 'executed', id: 'i', operation: 'o', attempt: 1, tookOver: false, recorded: 'stored' },
  { type: 'replayed', id: 'i', operation: 'o' },
  { type: 'mismatch', id: 'i', operation: 'o' },
  { type: 'in-progress', id: 'i', operation: 'o' },
  { type: 'refused', operation: 'o', code: 'key-invalid' },
];

function request(): Request {
  const headers = { 'idempotency-key': crypto.randomUUID(), 'content-type': 'application/json' };
  return new Request(`https://shop.example/orders/${secret}`, { method: 'POST', headers, body: '{}' });
}

/** What happened in a request of a guard with these observers, whose handler throws. */
async function observed(observers: { log?: (entry: LogEntry) => void; onEvent?: (event: LatchkeyEvent) => void }) {
  const guard = idempotency({ store: memoryStore(), principal: () => secret, log: false, ...observers });
  const answer = guard(() => {
    throw new Error('no');
  });
  await answer(request());
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the log', () => {
  it('goes to the console by default: a throw in a fetch handler', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const guard = idempotency({ store: memoryStore(), principal: () => 'tenant' });
    await guard(() => {
      throw new RangeError(secret);
    })(request());
    expect(error.mock.calls).toEqual([
      [expect.stringMatching(/^latchkey operation-failed: .*RangeError.* https:\S+#operation-failed$/)],
    ]);
    expect(JSON.stringify(error.mock.calls)).not.toContain(secret);
  });

  it('goes to the console by default: an unavailable store, a missing migration, a kept failure', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    let failing: Error | undefined;
    const store = memoryStore();
    const claim = store.claim.bind(store);
    store.claim = (asked) => (failing === undefined ? claim(asked) : Promise.reject(failing));
    const guard = idempotency({ store, principal: () => 'tenant', timing: { claimTimeoutMs: 50 } });
    const answer = guard(() => new Response('no', { status: 500 }));
    await answer(request());
    failing = new LatchkeyError('schema-missing', 'no tables');
    await answer(request());
    failing = new StoreUnavailableError('Redis did not answer.', { cause: new Error('connect ECONNREFUSED') });
    await answer(request());
    const lines = [...warn.mock.calls, ...error.mock.calls].flat().join('\n');
    expect(lines).toMatch(/latchkey failure-kept: /);
    expect(lines).toMatch(/latchkey schema-missing: /);
    expect(lines).toMatch(/latchkey store-unavailable: /);
  });

  it('contains no key, body, credential, path or message of another error', () => {
    const entries: LogEntry[] = [];
    const emit = createEmit({ log: (entry) => void entries.push(entry), runtime: manualRuntime() });
    for (const event of events) emit?.(event);
    expect(entries).toHaveLength(events.length);
    expect(JSON.stringify(entries)).not.toContain(secret);
  });

  it('has the same entry for an unknown outcome, whether a request found it or a recover hook left it', () => {
    const found: LatchkeyEvent = { type: 'outcome-unknown', id: 'i', operation: 'o' };
    const executed = { type: 'executed', id: 'i', operation: 'o', attempt: 2, tookOver: true } as const;
    const logged = [found, { ...executed, recorded: 'lapsed' } as const].map((event) => {
      const entries: LogEntry[] = [];
      createEmit({ log: (entry) => void entries.push(entry), runtime: manualRuntime() })?.(event);
      return entries;
    });
    expect(logged[0]).toMatchObject([{ level: 'warn', code: 'outcome-unknown', reference: recordReference('i') }]);
    expect(logged[1]).toEqual(logged[0]);
  });

  it('says that a recover hook left a record to a person', async () => {
    const codes: string[] = [];
    const rig = layerRig({
      timing: { leaseMs: 1_000, maxRunMs: 1_000 },
      recover: () => ({ decision: 'leave' }),
      log: ({ code }) => void codes.push(code),
    });
    void rig.send({ key: 'k' }, () => new Promise(() => {}));
    await rig.runtime.settle();
    await rig.runtime.advance(2_000);
    codes.length = 0;
    expect((await rig.send({ key: 'k' })).code).toBe('outcome-unknown');
    expect(codes).toEqual(['outcome-unknown']);
  });

  it('logs nothing about normal events', () => {
    const entries: LogEntry[] = [];
    const emit = createEmit({ log: (entry) => void entries.push(entry), runtime: manualRuntime() });
    for (const event of quiet) emit?.(event);
    expect(entries).toEqual([]);
  });

  it('repeats a code once per operation and minute', async () => {
    const runtime = manualRuntime();
    const codes: string[] = [];
    const emit = createEmit({ log: ({ code }) => void codes.push(code), runtime });
    const lost = (operation: string) => emit?.({ type: 'lease-lost', id: 'i', operation, reason: 'deadline' });
    for (let count = 0; count < 50; count += 1) lost('POST /orders');
    lost('POST /refunds');
    expect(codes).toEqual(['lease-lost', 'lease-lost']);
    await runtime.advance(60_000);
    lost('POST /orders');
    expect(codes).toHaveLength(3);
  });

  it('has a limit, however many paths there are', () => {
    const codes: string[] = [];
    const emit = createEmit({ log: ({ code }) => void codes.push(code), runtime: manualRuntime() });
    for (let path = 0; path < 10_000; path += 1) emit?.({ type: 'unprotected', operation: `POST /orders/${path}` });
    expect(codes).toHaveLength(100);
  });

  it("contains the record's reference, as events do", () => {
    const entries: LogEntry[] = [];
    const seen: LatchkeyEvent[] = [];
    const emit = createEmit({
      log: (entry) => void entries.push(entry),
      onEvent: (event) => void seen.push(event),
      runtime: manualRuntime(),
    });
    emit?.({ type: 'outcome-unknown', id: 'r1', operation: 'o' });
    emit?.({ type: 'message-dead', id: 'm1', operation: 'o', name: 'mail', attempts: 1, error: new Error() });
    const reference = recordReference('r1');
    expect(entries.map((entry) => entry.reference)).toEqual([reference, undefined]);
    expect(seen.map((event) => event.reference)).toEqual([reference, undefined]);
  });

  it('is turned off by false, replaced by a function, and independent of onEvent', () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const unprotected: LatchkeyEvent = { type: 'unprotected', operation: 'o' };
    const types: string[] = [];
    expect(createEmit({ log: false })).toBeUndefined();
    createEmit({ log: false, onEvent: ({ type }) => void types.push(type) })?.(unprotected);
    expect([types, error.mock.calls]).toEqual([['unprotected'], []]);
    createEmit({ onEvent: ({ type }) => void types.push(type) })?.(unprotected);
    expect([types.length, error.mock.calls.length]).toEqual([2, 1]);
  });

  it('can fail without breaking a request', () => {
    const emit = createEmit({
      log: () => {
        throw new Error('The disk is full.');
      },
    });
    expect(() => emit?.({ type: 'unprotected', operation: 'o' })).not.toThrow();
  });
});

it('the page lists every event', async () => {
  const root = new URL('../../../../', import.meta.url);
  const source = await readFile(new URL('packages/latchkey/src/core/events.ts', root), 'utf8');
  const page = await readFile(new URL('docs/events.md', root), 'utf8');
  const types = Array.from(source.matchAll(/readonly type: '([a-z-]+)'/g), ([, type]) => type);
  const rows = Array.from(page.slice(page.indexOf('## Events')).matchAll(/^\| `([a-z-]+)` \|/gm), ([, name]) => name);
  expect(rows.toSorted()).toEqual(types.toSorted());
});

describe('the events of each request', () => {
  it('reach an observer, whether or not there is a log', async () => {
    for (const log of [undefined, false, () => {}] as const) {
      const types: string[] = [];
      const onEvent = ({ type }: LatchkeyEvent) => void types.push(type);
      const guard = idempotency({
        store: memoryStore(),
        principal: () => 'tenant',
        onEvent,
        ...(log !== undefined && { log }),
      });
      const answer = guard(() => new Response('charged'));
      const first = request();
      await answer(first.clone());
      await answer(first);
      expect(types).toEqual(['claimed', 'executed', 'replayed']);
    }
  });

  it('are not created for a log alone, also if a guard passes its emitter to its engine', () => {
    const toLog = createEmit({ log: () => {} });
    const toObserver = createEmit({ log: () => {}, onEvent: () => {} });
    for (const emit of [toLog, createEmit({ log: false, ...(toLog && { onEvent: toLog }) })]) {
      expect(emit).toBeDefined();
      expect(observing(emit)).toBeUndefined();
    }
    for (const emit of [toObserver, createEmit({ log: false, ...(toObserver && { onEvent: toObserver }) })])
      expect(observing(emit)).toBe(toObserver);
    expect([createEmit({ log: false }), observing(undefined)]).toEqual([undefined, undefined]);
  });
});

it.each(['log', 'onEvent'] as const)('%s gets one argument, never the request', async (name) => {
  const observer = vi.fn();
  await observed({ [name]: observer });
  expect(observer).toHaveBeenCalled();
  expect(observer.mock.calls.map((args) => args.length)).toEqual(observer.mock.calls.map(() => 1));
});
