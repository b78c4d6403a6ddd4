import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { operator } from '../../src/operator/index.ts';
import { captured, type Handler, layerRig, type Native } from './layer-rig.ts';

const json = [['Content-Type', 'application/json']] as const;
const secret = 'sk_live_0b5e3c1a';
const body = JSON.stringify({ id: 'key_1', secret });

const created: Handler = () => captured(201, body, { headers: [...json, ['Location', '/api-keys/key_1']] });

/** A guard that keeps the id of an API key, and looks the key up for a replay. */
function rig(more: Parameters<typeof layerRig>[0] = {}) {
  const rebuild = vi.fn((id: unknown, _request: Native): unknown => ({ id, secret }));
  const reference = vi.fn((key: { id?: string }, _status: number): unknown => key.id);
  const { response, ...options } = more;
  const made = layerRig({
    ...options,
    response: { reference, rebuild: (id, request) => rebuild(id, request) as object, ...response },
  });
  const stored = async () => (await made.memory.list({ state: 'completed', limit: 10 })).records;
  const dump = async () => {
    const records = await stored();
    return records.map(({ result }) => Buffer.from(result?.bytes ?? []).toString('latin1')).join();
  };
  return { ...made, reference, rebuild, stored, dump };
}

describe('a route with response.reference', () => {
  it('sends the first answer as it is, stores the reference, and replays with the rebuilt body', async () => {
    const { send, dump, reference, rebuild, runs } = rig();
    const first = await send({ key: 'k', tenant: 'acct_9' }, created);
    expect([first.status, first.text]).toEqual([201, body]);
    expect(await dump()).not.toContain('sk_live');
    expect(await dump()).toContain('"key_1"');
    expect(reference.mock.calls).toEqual([[{ id: 'key_1', secret }, 201]]);
    const retry = await send({ key: 'k', tenant: 'acct_9' });
    expect([retry.status, retry.text]).toEqual([201, body]);
    expect(retry.headers).toEqual([
      ...json,
      ['Location', '/api-keys/key_1'],
      ['Idempotent-Replayed', 'true'],
      ['Idempotency-Status', 'replayed'],
      ['Cache-Control', 'no-store'],
      ['Content-Length', String(body.length)],
    ]);
    expect(rebuild.mock.calls).toMatchObject([['key_1', { tenant: 'acct_9' }]]);
    expect(runs()).toBe(1);
  });

  it.each([
    ['a rejection', () => Promise.reject(new Error('the vault is down'))],
    ['no body', () => undefined],
    ['null', () => Promise.resolve(null)],
    ['a Map', () => new Map([['id', 1]])],
  ])('answers 503 and runs nothing while rebuild fails: %s', async (_name, failure) => {
    const { send, rebuild, events, runs } = rig();
    await send({ key: 'k' }, created);
    rebuild.mockImplementationOnce(failure);
    const refused = await send({ key: 'k' });
    expect(refused).toMatchObject({ status: 503, code: 'rebuild-failed' });
    expect([refused.header('retry-after'), refused.header('idempotency-status')]).toEqual([
      '1',
      'rebuild-failed;final=?0',
    ]);
    expect(events.filter(({ type }) => type === 'handler-error')).toHaveLength(1);
    expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: body });
    expect(runs()).toBe(1);
  });

  it('R50 does not rebuild an answer for a caller whom authorizeReplay refuses', async () => {
    let allowed = true;
    const { send, rebuild } = rig({ response: { authorizeReplay: () => allowed } });
    await send({ key: 'k' }, created);
    allowed = false;
    const refused = await send({ key: 'k' });
    expect(refused).toMatchObject({ status: 403, code: 'replay-forbidden' });
    expect(refused.text).not.toContain('sk_live');
    expect(rebuild).not.toHaveBeenCalled();
  });

  it('stores no digest of the body', async () => {
    const digests = ['ETag', 'Content-Digest', 'Repr-Digest', 'Digest', 'Content-MD5'].map(
      (name) => [name, 'd'] as const,
    );
    const { send, dump } = rig();
    const first = await send({ key: 'k' }, () => captured(201, body, { headers: [...json, ...digests] }));
    expect(first.headers).toEqual(expect.arrayContaining(digests));
    expect(await dump()).not.toMatch(/ETag|Digest|MD5/);
    expect((await send({ key: 'k' })).text).toBe(body);
  });

  it.each([
    ['text/plain; charset=utf-8', 'a secret', 'a secret'],
    ['application/octet-stream', 'bytes', Buffer.from('bytes')],
    ['application/problem+json', '{"a":1}', { a: 1 }],
  ])('gives reference the value of %s', async (type, text, value) => {
    const { send, reference } = rig();
    reference.mockReturnValueOnce('id');
    await send({ key: 'k' }, () => captured(200, text, { headers: [['Content-Type', type]] }));
    expect(reference.mock.calls[0]?.[0]).toEqual(value);
  });

  it.each([
    ['text', 'rebuilt', 'text/plain;charset=UTF-8', 'rebuilt'],
    ['bytes', Buffer.from('rebuilt'), 'application/octet-stream', 'rebuilt'],
    ['an object', { a: 1 }, 'application/json', '{"a":1}'],
  ])('sends a rebuilt body of %s, with its type if none is stored', async (_name, rebuilt, type, text) => {
    const { send, reference, rebuild } = rig();
    reference.mockReturnValueOnce({ any: ['json'] });
    await send({ key: 'k' }, () => captured(200, 'secret'));
    rebuild.mockReturnValueOnce(rebuilt);
    const retry = await send({ key: 'k' });
    expect([retry.text, retry.header('content-type')]).toEqual([text, type]);
    expect(rebuild.mock.calls[0]?.[0]).toEqual({ any: ['json'] });
  });

  it('decodes a compressed body for reference, and replays it uncompressed', async () => {
    const { send, reference, dump } = rig();
    const headers = [...json, ['Content-Encoding', 'gzip']] as const;
    await send({ key: 'k', headers: { 'accept-encoding': 'gzip' } }, () => captured(201, gzipSync(body), { headers }));
    expect(reference.mock.calls[0]?.[0]).toEqual({ id: 'key_1', secret });
    expect(await dump()).not.toContain('gzip');
    const retry = await send({ key: 'k', headers: { 'accept-encoding': 'gzip' } });
    expect([retry.text, retry.header('content-encoding')]).toEqual([body, undefined]);
  });

  it('stores an answer without a body as usual', async () => {
    const { send, reference, rebuild } = rig();
    await send({ key: 'k' }, () => captured(204));
    expect((await send({ key: 'k' })).status).toBe(204);
    expect([reference.mock.calls.length, rebuild.mock.calls.length]).toEqual([0, 0]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no id');
      },
    ],
    ['returns undefined', () => undefined],
    ['returns a promise', () => Promise.resolve('key_1')],
    ['returns what JSON cannot hold', () => 1n],
  ])('sends the answer and stores neither body nor reference if reference %s', async (_name, failure) => {
    const { send, reference, dump, events, runs } = rig();
    reference.mockImplementationOnce(failure);
    const first = await send({ key: 'k' }, created);
    expect([first.status, first.text]).toEqual([201, body]);
    expect(await dump()).not.toContain('sk_live');
    expect(events.filter(({ type }) => type === 'handler-error')).toHaveLength(1);
    const retry = await send({ key: 'k' });
    expect(retry).toMatchObject({ status: 410, code: 'response-not-kept' });
    expect(JSON.parse(retry.text)).toMatchObject({ original: { status: 201, location: '/api-keys/key_1' } });
    expect(runs()).toBe(1);
  });

  it('stores neither for a body in an unknown coding, one that is not JSON, or an incomplete one', async () => {
    const { send, dump, reference } = rig();
    await send({ key: 'a' }, () => captured(200, 'sk_live', { headers: [['Content-Encoding', 'zz']] }));
    await send({ key: 'b' }, () => captured(200, 'sk_live', { headers: json }));
    await send({ key: 'c' }, () => captured(200, 'sk_live', { headers: json, state: 'too-large' }));
    for (const key of ['a', 'b', 'c']) expect((await send({ key })).code).toBe('response-not-kept');
    expect(await dump()).not.toContain('sk_live');
    expect(reference).not.toHaveBeenCalled();
  });

  it("stores the guard's own answer to a throw", async () => {
    const { send, reference } = rig();
    const failing: Handler = () => {
      throw new Error('boom');
    };
    await send({ key: 'k' }, failing);
    expect(await send({ key: 'k' })).toMatchObject({ status: 500, code: 'operation-failed' });
    expect(reference).not.toHaveBeenCalled();
  });

  it('calls reference for an error too, with its status, since the application knows which answers have secrets', async () => {
    const { send } = layerRig({
      response: {
        reference: (answer: { id?: string }, status) => (status < 400 ? { id: answer.id } : { error: answer }),
        rebuild: ({ id, error }: { id?: string; error?: object }) => error ?? { id, secret },
      },
    });
    await send({ key: 'bad' }, () => captured(422, '{"reason":"name"}', { headers: json }));
    expect(await send({ key: 'bad' })).toMatchObject({ status: 422, text: '{"reason":"name"}' });
    await send({ key: 'good' }, created);
    expect(await send({ key: 'good' })).toMatchObject({ status: 201, text: body });
  });

  it('applies to an answer that context.keep() keeps', async () => {
    const { send, dump } = rig({ afterFailure: 'rerun' });
    const kept: Handler = (context) => {
      context?.keep();
      return captured(503, body, { headers: json });
    };
    await send({ key: 'k' }, kept);
    expect(await dump()).not.toContain('sk_live');
    expect(await send({ key: 'k' })).toMatchObject({ status: 503, text: body });
  });

  it('applies to the answer of a recover hook', async () => {
    const recover = vi.fn(
      () => ({ decision: 'respond', response: { status: 201, body: { id: 'key_1', secret } } }) as const,
    );
    const { send, dump, runs, runtime } = rig({ recover, timing: { leaseMs: 1_000, maxRunMs: 1_000 } });
    void send({ key: 'k' }, () => new Promise(() => {}));
    await vi.waitUntil(() => runs() === 1);
    await runtime.advance(2_000);
    for (const _again of [1, 2]) expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: body });
    expect(await dump()).not.toContain('sk_live');
    expect([runs(), recover.mock.calls.length]).toEqual([1, 1]);
  });

  it('shows an operator the reference, and never the body', async () => {
    const { send, memory, runtime, stored } = rig();
    await send({ key: 'k' }, created);
    const [record] = await stored();
    const shown = await operator({ store: memory, runtime }).show(record?.id ?? '');
    expect(shown?.result).toMatchObject({ kind: 'value', status: 201, reference: 'key_1' });
    expect(JSON.stringify(shown)).not.toContain('sk_live');
  });

  it('answers 503 for a stored reference when the route has no rebuild any more, and serves earlier answers', async () => {
    const { send, through, layer, memory } = rig();
    await send({ key: 'k' }, created);
    const plain = layerRig({ store: memory });
    expect(await plain.send({ key: 'k' })).toMatchObject({ status: 503, code: 'rebuild-failed' });
    expect(plain.runs()).toBe(0);
    await plain.send({ key: 'p' }, () => captured(200, 'stored as it is'));
    expect(await through(layer)({ key: 'p' })).toMatchObject({ status: 200, text: 'stored as it is' });
  });

  it('refuses reference without rebuild when the guard or a route is created', () => {
    const reference = () => 'id';
    const invalid = expect.objectContaining({
      code: 'option-invalid',
      message: expect.stringMatching(/response.rebuild/),
    });
    expect(() => layerRig({ response: { reference } })).toThrow(invalid);
    expect(() => layerRig().layer.with({ response: { reference } })).toThrow(invalid);
    expect(() => layerRig({ response: { rebuild: () => 'x' } }).layer.with({ response: { reference } })).not.toThrow();
  });
});
