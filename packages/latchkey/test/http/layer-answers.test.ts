import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Header } from '../../src/http/exchange.ts';
import { captured, layerRig } from './layer-rig.ts';

const named = (headers: readonly Header[], name: string) =>
  headers.filter(([one]) => one === name).map(([, value]) => value);

describe('a kept answer', () => {
  it.each([200, 201, 204, 303, 400, 402, 404, 409, 410, 422])('R33: %i is kept', async (status) => {
    const { send, runs } = layerRig();
    const handler = () => captured(status, status === 204 ? '' : 'body');
    const first = await send({ key: 'k' }, handler);
    const retry = await send({ key: 'k' }, handler);
    expect([retry.status, retry.text, retry.header('idempotent-replayed')]).toEqual([first.status, first.text, 'true']);
    expect(runs()).toBe(1);
  });

  it('R51, R52, R75: keeps only headers that belong to the answer, repeated ones separately', async () => {
    const { send } = layerRig();
    const kept: readonly Header[] = [
      ['Content-Type', 'application/json'],
      ['Location', '/v1/charges/1'],
      ['ETag', '"1"'],
      ['Link', '</a>; rel="a"'],
      ['Link', '</b>; rel="b"'],
    ];
    const passing: readonly Header[] = [
      ['Set-Cookie', 'session=1'],
      ['WWW-Authenticate', 'Basic'],
      ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
      ['X-RateLimit-Remaining', '3'],
      ['Connection', 'X-Hop'],
      ['X-Hop', '1'],
      ['Access-Control-Allow-Origin', 'https://a.example'],
      ['Content-Security-Policy', "script-src 'nonce-1'"],
      ['traceparent', '00-1-2-00'],
    ];
    const first = await send({ key: 'k' }, () => captured(201, '{}', { headers: [...kept, ...passing] }));
    expect(first.headers).toEqual([...kept, ...passing, ['Idempotency-Status', 'executed']]);
    const { headers } = await send({ key: 'k' });
    expect(headers).toEqual([
      ...kept,
      ['Idempotent-Replayed', 'true'],
      ['Idempotency-Status', 'replayed'],
      ['Cache-Control', 'no-store'],
      ['Content-Length', '2'],
    ]);
    expect(named(headers, 'Link')).toHaveLength(2);
  });

  it('R53: keeps binary bytes', async () => {
    const { send } = layerRig();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await send({ key: 'k' }, () => captured(200, bytes));
    const retry = await send({ key: 'k' });
    expect(retry.text).toBe(Buffer.from(bytes).toString());
    expect(retry.header('content-length')).toBe('256');
  });

  it('R53: a 204 is replayed without length or body, and does not run again', async () => {
    const { send, runs } = layerRig();
    await send({ key: 'k' }, () => captured(204));
    const retry = await send({ key: 'k' });
    expect([retry.status, retry.text, retry.header('content-length')]).toEqual([204, '', undefined]);
    expect(runs()).toBe(1);
  });

  it('R80: compressed for the first client, is plain for a client that does not accept it', async () => {
    const { send } = layerRig();
    const coded = () => captured(200, gzipSync('hello'), { headers: [['Content-Encoding', 'gzip']] });
    await send({ key: 'k', headers: { 'accept-encoding': 'gzip' } }, coded);
    const plain = await send({ key: 'k' });
    expect([plain.text, plain.header('content-encoding'), plain.header('content-length')]).toEqual([
      'hello',
      undefined,
      '5',
    ]);
    const again = await send({ key: 'k', headers: { 'accept-encoding': 'gzip' } });
    expect(again.header('content-encoding')).toBe('gzip');
  });

  it('I2: sent compressed to a client that had not asked, is unchanged', async () => {
    const { send } = layerRig();
    await send({ key: 'k' }, () => captured(200, gzipSync('hello'), { headers: [['Content-Encoding', 'gzip']] }));
    expect((await send({ key: 'k' })).header('content-encoding')).toBe('gzip');
  });

  it("R64: has the application's own Cache-Control", async () => {
    const { send } = layerRig();
    await send({ key: 'k' }, () => captured(200, 'x', { headers: [['Cache-Control', 'private, max-age=60']] }));
    expect(named((await send({ key: 'k' })).headers, 'Cache-Control')).toEqual(['private, max-age=60']);
  });

  it('R46, R47: is kept until its retention ends, and not longer', async () => {
    const { send, runtime, memory } = layerRig({ timing: { retentionMs: 60_000 } });
    await send({ key: 'k' });
    await runtime.advance(59_000);
    await memory.sweep(100);
    expect((await send({ key: 'k' })).text).toBe('run 1');
    await runtime.advance(2_000);
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });
});

describe('an answer whose body was not kept', () => {
  it.each([
    ['R54: too large', 'too-large'],
    ['R57: broken off', 'broken'],
  ] as const)('%s: the retry gets that answer, and nothing runs again', async (_name, state) => {
    const { send, runs } = layerRig();
    const partial = () => captured(201, 'half of', { state, headSent: true, headers: [['Location', '/v1/charges/1']] });
    await send({ key: 'k' }, partial);
    const retry = await send({ key: 'k' });
    expect(retry).toMatchObject({ status: 410, code: 'response-not-kept' });
    expect(JSON.parse(retry.text)).toMatchObject({ original: { status: 201, location: '/v1/charges/1' } });
    expect(retry.text).not.toContain('half of');
    expect(runs()).toBe(1);
  });

  it('R57: aborted on a rerun route, runs again', async () => {
    const { send } = layerRig({ afterFailure: 'rerun' });
    await send({ key: 'k' }, () => captured(200, 'half', { state: 'broken', headSent: true }));
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it("over the guard's limit is not kept, although its adapter captured it", async () => {
    const { send } = layerRig({ response: { maxBytes: 10 } });
    await send({ key: 'fits' }, () => captured(200, 'x'.repeat(10)));
    expect((await send({ key: 'fits' })).status).toBe(200);
    await send({ key: 'k' }, () => captured(200, 'x'.repeat(11)));
    expect(await send({ key: 'k' })).toMatchObject({ status: 410, code: 'response-not-kept' });
  });
});

describe('an unreadable record', () => {
  it.each([
    ['of a newer version', Uint8Array.of(2, 0, 0, 0, 0)],
    ['garbled', Buffer.from('garbage')],
    ['empty', new Uint8Array()],
  ])('(%s) gives an error and never a second run', async (_name, bytes) => {
    const { send, memory, runtime, runs } = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 2_000 } });
    void send({ key: 'k' }, () => new Promise(() => {}));
    await runtime.advance(10_000);
    const [lapsed] = (await memory.list({ state: 'lapsed', limit: 1 })).records;
    const resolution = { decision: 'respond', result: { kind: 'value', bytes }, retentionMs: 60_000 } as const;
    expect(await memory.resolve({ id: lapsed?.id ?? '', token: lapsed?.token ?? '', resolution })).toBe(true);
    expect(await send({ key: 'k' })).toMatchObject({ status: 500, code: 'record-unreadable' });
    expect(runs()).toBe(1);
  });
});
