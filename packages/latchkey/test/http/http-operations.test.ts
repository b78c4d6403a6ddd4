import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type HttpOperationsOptions,
  httpOperations,
  type SavedRequestHandler,
} from '../../src/completer/http-operations.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import type { Outcome } from '../../src/core/operation.ts';
import { stripe } from '../../src/dialects/index.ts';
import type { GuardOptions } from '../../src/http/options.ts';
import type { SavedRequest } from '../../src/http/request/saved-request.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { captured, gate, layerRig, type Native, type Sent } from './layer-rig.ts';
import { claimsOf } from './saving-rig.ts';

/** A guarded route whose worker stops in the middle, and a completer that resumes it. */
function crashRig(guard: Partial<GuardOptions<Native>> = {}) {
  const runtime = manualRuntime();
  const { store, claims } = claimsOf(memoryStore({ runtime }));
  const saving = { store, runtime, afterFailure: 'rerun', request: { save: { principal: true } }, ...guard } as const;
  const crash = async (sent: Sent) => {
    const { send, layer } = layerRig(saving);
    const begun = gate<void>();
    void send(sent, () => {
      begun.open();
      return new Promise(() => {});
    });
    await begun.opened;
    const closed = layer.shutdown(0);
    await runtime.advance(1);
    await closed;
    expect((await store.read(claims.at(-1)?.id ?? ''))?.state).toBe('lapsed');
  };
  const complete = (handlers: Record<string, SavedRequestHandler>, options: HttpOperationsOptions = {}) => {
    const { id, principal, operation: name, fingerprint, request = new Uint8Array() } = claims[0] ?? fail();
    const found = httpOperations(handlers, options);
    expect(found.matches(name)).toBe(true);
    const { handler, answering } = found.begin(name, request);
    const operation = { id, principal, name, fingerprint, settings: found.settings };
    return new Engine({ store, runtime }).run(operation, handler, answering);
  };
  return {
    crash,
    complete,
    retry: (sent: Sent) => layerRig(saving).send(sent),
    read: () => store.read(claims[0]?.id ?? ''),
  };
}

function fail(): never {
  throw new Error('nothing was left behind');
}

const sent: Sent = { key: 'k', target: '/v1/orders?dry=1', body: '{"item":"tea"}' };
const recorded = (outcome: Outcome) => (outcome.kind === 'executed' ? outcome.recorded : outcome.kind);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('a saved request that is run again', () => {
  it('reaches its handler unchanged, and the retry gets that answer', async () => {
    const { crash, complete, retry } = crashRig();
    await crash(sent);
    const seen: SavedRequest[] = [];
    const outcome = await complete({
      'POST /v1/orders': (request) => {
        seen.push(request);
        return Response.json({ id: 1 }, { status: 201, headers: { Location: '/v1/orders/1', 'Set-Cookie': 'a=b' } });
      },
    });
    expect(recorded(outcome)).toBe('stored');
    expect(seen).toMatchObject([
      { method: 'POST', url: '/v1/orders?dry=1', principal: 'acct_1', operation: 'POST /v1/orders', params: {} },
    ]);
    expect(seen.map(({ headers, body }) => [headers.get('content-type'), text(body)])).toEqual([
      ['application/json', '{"item":"tea"}'],
    ]);
    const answer = await retry(sent);
    expect(answer).toMatchObject({ status: 201, text: '{"id":1}' });
    expect([answer.header('location'), answer.header('set-cookie'), answer.header('idempotent-replayed')]).toEqual([
      '/v1/orders/1',
      undefined,
      'true',
    ]);
  });

  it('gets its body without the content coding', async () => {
    const { crash, complete } = crashRig();
    await crash({ ...sent, body: gzipSync('{"item":"tea"}'), headers: { 'content-encoding': 'gzip' } });
    const seen: unknown[] = [];
    await complete({
      'POST /v1/orders': ({ headers, body }) => {
        seen.push(headers.get('content-encoding'), text(body));
        return { status: 204 };
      },
    });
    expect(seen).toEqual([null, '{"item":"tea"}']);
  });

  it('is stored byte for byte as the guard stores the same response', async () => {
    const body = Buffer.from('{"id":1}');
    const headers = [
      ['content-type', 'application/json'],
      ['x-kind', 'tea'],
      ['date', 'today'],
    ] as const;
    const guarded = layerRig({ afterFailure: 'rerun' });
    await guarded.send(sent, () => captured(201, body, { headers }));
    const [stored] = (await guarded.memory.list({ state: 'completed', limit: 1 })).records;
    const { crash, complete, read } = crashRig();
    await crash(sent);
    await complete({ 'POST /v1/orders': () => ({ status: 201, headers, body }) });
    expect((await read())?.result).toEqual(stored?.result);
  });

  it('resumes after the steps that were saved, under the same operation id', async () => {
    const { crash, complete } = crashRig();
    await crash(sent);
    let charges = 0;
    const ids: string[] = [];
    const handler: SavedRequestHandler = async (_request, context) => {
      ids.push(context.operationId);
      const charge = await context.step('charge', () => `ch_${++charges}`);
      return context.attempt === 2 ? new Response('later', { status: 500 }) : { body: { charge } };
    };
    expect(recorded(await complete({ 'POST /v1/orders': handler }))).toBe('released');
    expect(recorded(await complete({ 'POST /v1/orders': handler }))).toBe('stored');
    expect([charges, new Set(ids).size]).toEqual([1, 1]);
  });
});

describe('an answer is classified as by the guard', () => {
  it.each([
    ['a 500', () => new Response('no', { status: 500 }), 'released'],
    ['a 503 with Retry-After', () => new Response('', { status: 503, headers: { 'Retry-After': '1' } }), 'released'],
    ['a 429', () => ({ status: 429, body: 'slowly' }), 'released'],
    ['a 402', () => ({ status: 402, body: 'declined' }), 'stored'],
    [
      'context.release()',
      (_: unknown, context: { release(): void }) => {
        context.release();
        return { status: 200 };
      },
      'released',
    ],
    ['a throw', () => Promise.reject(new Error('no')), 'released'],
    ['Response.error()', () => Response.error(), 'released'],
    ['what can not be sent', () => ({ status: 99, headers: [], body: new Uint8Array() }), 'released'],
    ['a body past the limit', () => new Response('x'.repeat(21)), 'tombstone'],
  ] as const)('%s', async (_, handler, expected) => {
    const { crash, complete } = crashRig();
    await crash(sent);
    expect(recorded(await complete({ 'POST /v1/orders': handler }, { response: { maxBytes: 20 } }))).toBe(expected);
  });

  it('a failure at the last attempt is kept, in the shape for clients', async () => {
    const { crash, complete, retry } = crashRig({ dialect: stripe });
    await crash(sent);
    const events: LatchkeyEvent[] = [];
    const options: HttpOperationsOptions = {
      timing: { maxAttempts: 2 },
      dialect: stripe,
      onEvent: (event) => events.push(event),
    };
    const handler = () => Promise.reject(new Error('no'));
    expect(recorded(await complete({ 'POST /v1/orders': handler }, options))).toBe('stored');
    expect(events).toMatchObject([{ type: 'handler-error', operation: 'POST /v1/orders' }]);
    const { status, text: answer } = await retry(sent);
    expect([status, JSON.parse(answer)]).toMatchObject([500, { error: { latchkey_code: 'operation-failed' } }]);
  });

  it('a body over the limit leaves a tombstone', async () => {
    const { crash, complete, retry } = crashRig();
    await crash(sent);
    await complete({ 'POST /v1/orders': () => new Response('x'.repeat(21)) }, { response: { maxBytes: 20 } });
    expect(await retry(sent)).toMatchObject({ status: 410, code: 'response-not-kept' });
  });

  it('an unreadable saved request is not an answer', async () => {
    const operations = httpOperations({ 'POST /v1/orders': () => ({ status: 204 }) });
    const run = operations.begin('POST /v1/orders', Buffer.from('garbage'));
    await expect(run.handler({} as never)).rejects.toMatchObject({ code: 'record-unreadable' });
  });
});

describe('a saved request of a route with response.reference', () => {
  const reference = ({ id }: { id: string }) => id;
  const rebuild = (id: string) => ({ id, secret: 'sk_live' });
  const handlers = { 'POST /v1/orders': () => ({ status: 201, body: { id: 'key_1', secret: 'sk_live' } }) };
  const stored = (record: { readonly result?: { readonly bytes: Uint8Array } } | undefined) =>
    text(record?.result?.bytes ?? new Uint8Array());

  it('has its answer stored as a reference by the completer too, and rebuilt for the retry', async () => {
    const { crash, complete, retry, read } = crashRig({ response: { reference, rebuild } });
    await crash(sent);
    expect(recorded(await complete(handlers, { response: { reference } }))).toBe('stored');
    expect(stored(await read())).toMatch(/"key_1"$/);
    expect(await retry(sent)).toMatchObject({ status: 201, text: '{"id":"key_1","secret":"sk_live"}' });
  });

  it('is not run by a completer without the same function, which would store the body', async () => {
    const { crash, complete, read } = crashRig({ response: { reference, rebuild } });
    await crash(sent);
    const ran = { 'POST /v1/orders': () => fail() };
    await expect(complete(ran)).rejects.toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(/response.reference/) }),
    );
    expect(await read()).toMatchObject({ state: 'lapsed' });
  });
});

describe('operations by name', () => {
  const nothing = () => ({ status: 204 });

  it('match as a whole, one segment for a wildcard', () => {
    const { matches } = httpOperations({ 'POST /v1/orders/:id/pay': nothing, 'POST /v1/a+b(c).json': nothing });
    for (const name of ['POST /v1/orders/7/pay', 'POST /v1/a+b(c).json']) expect(matches(name), name).toBe(true);
    for (const other of [
      'POST /v1/orders/7/8/pay',
      'POST /v1/orders//pay',
      'PATCH /v1/orders/7/pay',
      'POST /v1/orders/7/pay/',
      'POST /v1/aab(c)xjson',
    ]) {
      expect(matches(other), other).toBe(false);
    }
  });

  it('do not take a truncated name for another route', () => {
    const { matches } = httpOperations({ 'POST /v1/orders/:id': nothing });
    const name = `POST /v1/orders/${'7'.repeat(200)}/pay`;
    expect(matches(name.slice(0, 119))).toBe(true);
    expect(matches(name.slice(0, 120))).toBe(false);
  });

  it('prefer the name without wildcards', async () => {
    const { crash, complete, retry } = crashRig();
    await crash({ ...sent, target: '/v1/orders/draft/pay' });
    await complete({
      'POST /v1/orders/:id/pay': () => ({ body: 'any' }),
      'POST /v1/orders/draft/pay': () => ({ body: 'draft' }),
    });
    expect(await retry({ ...sent, target: '/v1/orders/draft/pay' })).toMatchObject({ text: 'draft' });
  });

  it('pass the values of the wildcards to the handler', async () => {
    const { crash, complete } = crashRig();
    await crash({ ...sent, target: '/v1/orders/a%20b/items/%zz?x=/y' });
    const seen: SavedRequest['params'][] = [];
    await complete({
      'POST /v1/orders/:id/items/:item': ({ params }) => {
        seen.push(params);
        return { status: 204 };
      },
    });
    expect(seen).toEqual([{ id: 'a b', item: '%zz' }]);
  });

  it.each([
    ['a name that is no method and path', { '/v1/orders': nothing }, {}, 'option-invalid'],
    ['a handler that is no function', { 'POST /v1/orders': 'later' }, {}, 'option-invalid'],
    ['an unknown option', {}, { keeps: () => true }, 'option-unknown'],
    ['an invalid option', {}, { response: { maxBytes: -1 } }, 'option-invalid'],
  ])('%s is refused', (_, handlers: object, options: object, code) => {
    expect(() => httpOperations(handlers as Record<string, SavedRequestHandler>, options)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
