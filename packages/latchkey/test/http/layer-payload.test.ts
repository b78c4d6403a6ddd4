import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { layerRig, type Sent } from './layer-rig.ts';

const base: Sent = { key: 'k', target: '/v1/charges?expand=a', body: '{"amount":2000,"currency":"usd"}' };
const multipart = (boundary: string, content = 'x'): Sent => ({
  key: 'k',
  headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  body: `--${boundary}\r\nContent-Disposition: form-data; name="f"\r\n\r\n${content}\r\n--${boundary}--\r\n`,
});

describe('a key used again', () => {
  it.each<readonly [string, Sent]>([
    ['R17: with a changed body', { body: '{"amount":2001,"currency":"usd"}' }],
    ['R19: with a changed query', { target: '/v1/charges?expand=b' }],
    ['R19: without its query', { target: '/v1/charges' }],
    ['R22: with a string for a number', { body: '{"amount":"2000","currency":"usd"}' }],
    ['with another media type', { headers: { 'content-type': 'text/plain' } }],
    ['R76: with If-Match', { headers: { 'if-match': '"1"' } }],
    ['R76: with If-None-Match', { headers: { 'if-none-match': '*' } }],
    ['R76: with Prefer', { headers: { prefer: 'return=minimal' } }],
    ['R76: with X-HTTP-Method-Override', { headers: { 'x-http-method-override': 'PUT' } }],
    ['R76: with a header that the route names', { headers: { 'x-version': '2' } }],
    ['with no body', { body: '' }],
  ])('%s is a mismatch, and the record is unchanged (R18)', async (_name, change) => {
    const { send, runs } = layerRig({ fingerprint: { headers: ['X-Version'] } });
    await send(base);
    const refusal = await send({ ...base, ...change });
    expect(refusal).toMatchObject({ status: 422, code: 'key-reused' });
    expect(refusal.header('retry-after')).toBeUndefined();
    expect((await send(base)).text).toBe('run 1');
    expect(runs()).toBe(1);
  });

  it.each<readonly [string, Sent]>([
    ['R21: with members in another order and other white space', { body: '{ "currency": "usd",\n"amount": 2e3 }' }],
    ['with a charset that says nothing', { headers: { 'content-type': 'application/json; charset=utf-8' } }],
    ['with a fragment', { target: '/v1/charges?expand=a#top' }],
    ['with the whole URL as its target', { target: 'http://api.example:80/v1/charges?expand=a' }],
    ['with headers that mean nothing', { headers: { 'user-agent': 'other', cookie: 'a=b', 'x-request-id': '7' } }],
    [
      'with its body compressed',
      { body: gzipSync('{"amount":2000,"currency":"usd"}'), headers: { 'content-encoding': 'gzip' } },
    ],
    ['with its body parsed before', { body: { kind: 'value', value: { currency: 'usd', amount: 2000 } } }],
  ])('%s is a replay', async (_name, change) => {
    const { send, runs } = layerRig({ fingerprint: { headers: ['X-Version'] } });
    await send(base);
    expect((await send({ ...base, ...change })).text).toBe('run 1');
    expect(runs()).toBe(1);
  });

  it('R76: with another value of a compared header is a mismatch', async () => {
    const { send } = layerRig();
    const conditional = (etag: string): Sent => ({ ...base, headers: { 'if-match': etag } });
    await send(conditional('"1"'));
    expect((await send(conditional('"1"'))).text).toBe('run 1');
    expect(await send(conditional('"2"'))).toMatchObject({ code: 'key-reused' });
  });

  it('R20: on another path or with another method is another operation', async () => {
    const { send, runs } = layerRig();
    await send(base);
    expect((await send({ ...base, target: '/v1/refunds?expand=a' })).text).toBe('run 2');
    expect((await send({ ...base, method: 'PATCH' })).text).toBe('run 3');
    expect((await send(base)).text).toBe('run 1');
    expect(runs()).toBe(3);
  });

  it('R22, R23: with JSON that a parser reads as equal is a mismatch', async () => {
    const { send } = layerRig();
    await send({ key: 'big', body: '9007199254740992' });
    expect(await send({ key: 'big', body: '9007199254740993' })).toMatchObject({ code: 'key-reused' });
    await send({ key: 'twice', body: '{"a":1,"a":2}' });
    expect(await send({ key: 'twice', body: '{"a":2}' })).toMatchObject({ code: 'key-reused' });
    expect((await send({ key: 'twice', body: '{"a":1,"a":2}' })).status).toBe(201);
    await send({ key: 'list', body: '[1,2]' });
    expect(await send({ key: 'list', body: '[2,1]' })).toMatchObject({ code: 'key-reused' });
  });

  it('R24: with a new multipart boundary is a replay', async () => {
    const { send } = layerRig();
    await send(multipart('aaaaaaaa'));
    expect((await send(multipart('bbbbbbbb'))).text).toBe('run 1');
    expect(await send(multipart('bbbbbbbb', 'y'))).toMatchObject({ code: 'key-reused' });
  });

  it('R25: with only its volatile members changed is a replay', async () => {
    const { send } = layerRig({ fingerprint: { ignore: ['/sentAt', '/meta/trace'] } });
    await send({ key: 'k', body: '{"a":1,"sentAt":1,"meta":{"trace":"x"}}' });
    expect((await send({ key: 'k', body: '{"a":1,"sentAt":2,"meta":{}}' })).text).toBe('run 1');
    expect(await send({ key: 'k', body: '{"a":1,"sentAt":2,"meta":{"other":1}}' })).toMatchObject({
      code: 'key-reused',
    });
  });

  it('keeps its answer when secrets are introduced and rotated', async () => {
    const { send, memory, runtime } = layerRig();
    await send(base);
    const withSecrets = (...letters: string[]) =>
      layerRig({ store: memory, runtime, fingerprint: { secrets: letters.map((letter) => letter.repeat(32)) } });
    expect((await withSecrets('a').send(base)).text).toBe('run 1');
    await withSecrets('a').send({ ...base, key: 'second' });
    const rotated = withSecrets('b', 'a');
    expect((await rotated.send({ ...base, key: 'second' })).header('idempotent-replayed')).toBe('true');
    expect(await withSecrets('b').send({ ...base, key: 'second' })).toMatchObject({ code: 'key-reused' });
  });
});

describe('a request body', () => {
  it('R55: over the limit is refused, and nothing runs', async () => {
    const { send, runs, faults } = layerRig({ request: { maxBytes: 20 } });
    expect(await send({ key: 'k', body: { kind: 'too-large' } })).toMatchObject({
      status: 413,
      code: 'request-too-large',
    });
    expect(await send({ key: 'k', body: 'x'.repeat(21) })).toMatchObject({ status: 413 });
    const bomb = gzipSync('x'.repeat(1000));
    expect(bomb.length).toBeLessThan(40);
    const coded = { key: 'k', body: bomb, headers: { 'content-encoding': 'gzip' } };
    expect(await layerRig({ request: { maxBytes: 900 } }).send(coded)).toMatchObject({ status: 413 });
    expect([runs(), faults.calls.size]).toEqual([0, 0]);
  });

  it('cut off by its client is refused, and nothing runs', async () => {
    const { send, runs } = layerRig();
    expect(await send({ key: 'k', body: { kind: 'broken' } })).toMatchObject({
      status: 400,
      code: 'request-incomplete',
    });
    expect(runs()).toBe(0);
  });
});

describe('a key used again on a route that ignores query parameters and form members', () => {
  const urlEncoded = (body: NonNullable<Sent['body']>): Sent => ({
    ...base,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });
  const part = (name: string, content: string) =>
    `Content-Type: text/plain\r\ncontent-disposition: form-data; filename="a"; name="${name}"\r\n\r\n${content}`;
  const parts = (boundary: string, ...list: readonly string[]): Sent => ({
    ...multipart(boundary),
    body: `${list.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}--${boundary}--`,
  });
  const value = (parsed: unknown): NonNullable<Sent['body']> => ({ kind: 'value', value: parsed });
  const fingerprint = { ignoreQuery: ['ts', 'sig n'], ignoreForm: ['ts', 'meta[sent]'] };

  it.each<readonly [string, Sent, Sent]>([
    [
      'other values of them',
      { ...base, target: '/o?ts=1&a=b&sig+n=x' },
      { ...base, target: '/o?a=b&sig%20n=y&%74s=2&ts' },
    ],
    ['nothing but them', { ...base, target: '/o?ts=1' }, { ...base, target: '/o' }],
    ['another form member', urlEncoded('a=1&ts=1&b=%20'), urlEncoded('ts=2&a=1&b=%20&meta%5Bsent%5D=9')],
    [
      'a compressed form',
      urlEncoded('a=1&ts=1'),
      {
        ...urlEncoded(gzipSync('a=1&ts=2')),
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
      },
    ],
    [
      'a parsed form',
      urlEncoded(value({ a: '1', ts: '1', meta: { sent: '1', x: '2' } })),
      urlEncoded(value({ a: '1', meta: { x: '2' } })),
    ],
    [
      'a flat parsed form',
      urlEncoded(value({ a: '1', 'meta[sent]': '1' })),
      urlEncoded(value({ a: '1', 'meta[sent]': '2' })),
    ],
    [
      'a parsed list of members',
      urlEncoded(
        value([
          ['a', '1'],
          ['ts', '1'],
        ]),
      ),
      urlEncoded(
        value([
          ['a', '1'],
          ['ts', '2'],
        ]),
      ),
    ],
    ['another part', parts('A', part('a', '1'), part('ts', '1')), parts('B', part('a', '1'), part('ts', '2'))],
  ])('%s is a replay', async (_name, first, again) => {
    const { send, runs } = layerRig({ fingerprint });
    expect((await send(first)).text).toBe('run 1');
    expect((await send(again)).text).toBe('run 1');
    expect(runs()).toBe(1);
  });

  it.each<readonly [string, Sent, Sent]>([
    ['another parameter', { ...base, target: '/o?ts=1&a=b' }, { ...base, target: '/o?ts=1&a=c' }],
    ['a parameter whose name only begins so', { ...base, target: '/o?tsx=1' }, { ...base, target: '/o?tsx=2' }],
    ['another order of what is left', { ...base, target: '/o?a=1&b=2' }, { ...base, target: '/o?b=2&ts=1&a=1' }],
    ['another member of the form', urlEncoded('a=1&ts=1'), urlEncoded('a=2&ts=1')],
    ['a member of JSON', { ...base, body: '{"ts":1}' }, { ...base, body: '{"ts":2}' }],
    [
      'a text that looks like a form',
      { ...base, headers: { 'content-type': 'text/plain' }, body: 'ts=1' },
      { ...base, headers: { 'content-type': 'text/plain' }, body: 'ts=2' },
    ],
    [
      'another part of the form',
      parts('A', part('a', '1'), part('ts', '1')),
      parts('A', part('a', '2'), part('ts', '1')),
    ],
    ['a part without a name', parts('A', 'x: 1\r\n\r\nts'), parts('A', 'x: 2\r\n\r\nts')],
  ])('%s is a mismatch', async (_name, first, again) => {
    const { send } = layerRig({ fingerprint });
    await send(first);
    expect(await send(again)).toMatchObject({ code: 'key-reused' });
  });

  it('merges the options of guard and route one by one', async () => {
    const { through, layer } = layerRig({ fingerprint: { ignoreQuery: ['ts'], ignoreForm: ['ts'] } });
    const route = layer.with({ fingerprint: { ignoreQuery: undefined, ignoreForm: [] } as object });
    const send = through(route);
    await send({ ...base, target: '/o?ts=1' });
    expect((await send({ ...base, target: '/o?ts=2' })).text).toBe('run 1');
    await send({ ...urlEncoded('ts=1'), key: 'form' });
    expect(await send({ ...urlEncoded('ts=2'), key: 'form' })).toMatchObject({ code: 'key-reused' });
  });

  it('does not change the fingerprint of a request without ignored members', async () => {
    const plain = layerRig();
    const ignoring = layerRig({ fingerprint });
    const fingerprintOf = async ({ memory, send }: typeof plain, sent: Sent) => {
      await send(sent);
      const { records } = await memory.list({ state: 'completed', limit: 1 });
      return records[0]?.fingerprint;
    };
    const sent = { ...urlEncoded('a=1&b=%2&&'), target: '/o?&a=%&b' };
    expect(await fingerprintOf(ignoring, sent)).toBe(await fingerprintOf(plain, sent));
  });
});
