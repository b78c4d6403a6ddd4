import { describe, expect, it } from 'vitest';
import { idempotentFetch, LatchkeyError } from '../../src/client/index.ts';
import { prepareRequest, sameRequest } from '../../src/client/request-bytes.ts';
import { failure, hurried } from './client-kit.ts';
import { answer, drop, misbehave, own } from './misbehaving-server.ts';

const binary = Uint8Array.from({ length: 256 }, (_, index) => index);

function form(file: Uint8Array<ArrayBuffer> = binary): FormData {
  const data = new FormData();
  data.set('amount', '2000');
  data.set('receipt', new Blob([file], { type: 'application/octet-stream' }), 'receipt.bin');
  return data;
}

async function sendTwice(init: RequestInit, input?: (url: string) => Request) {
  await using server = await misbehave(drop, own(200));
  const { runtime, onEvent } = hurried();
  const client = idempotentFetch({ storage: 'memory', runtime, onEvent });
  await client(input?.(server.url) ?? server.url, { ...init, operation: 'o' });
  const [first, second] = server.seen;
  expect(second).toEqual(first);
  return { body: first?.body, contentType: first?.contentType, method: first?.method };
}

describe('the same bytes at every attempt', () => {
  it.each<[string, BodyInit, string | undefined, Uint8Array]>([
    ['a string', 'grüße', 'text/plain;charset=UTF-8', Buffer.from('grüße')],
    [
      'URLSearchParams',
      new URLSearchParams({ a: '1 2' }),
      'application/x-www-form-urlencoded;charset=UTF-8',
      Buffer.from('a=1+2'),
    ],
    ['bytes', binary, undefined, binary],
    ['a part of a buffer', binary.subarray(10, 20), undefined, binary.subarray(10, 20)],
    ['an ArrayBuffer', binary.buffer, undefined, binary],
    ['a Blob', new Blob([binary], { type: 'image/png' }), 'image/png', binary],
    ['an empty string', '', 'text/plain;charset=UTF-8', Buffer.alloc(0)],
  ])('%s', async (_kind, body, contentType, bytes) => {
    const sent = await sendTwice({ method: 'POST', body });
    expect(sent.contentType).toBe(contentType);
    expect(sent.body?.equals(bytes)).toBe(true);
  });

  it('FormData, with one boundary for all', async () => {
    const sent = await sendTwice({ method: 'POST', body: form() });
    const parsed = await new Response(new Uint8Array(sent.body ?? []), {
      headers: { 'content-type': sent.contentType ?? '' },
    }).formData();
    expect(parsed.get('amount')).toBe('2000');
    const receipt = parsed.get('receipt');
    expect(receipt instanceof Blob && new Uint8Array(await receipt.arrayBuffer())).toEqual(binary);
  });

  it('no body', async () => {
    expect(await sendTwice({ method: 'DELETE' })).toMatchObject({ method: 'DELETE', body: Buffer.alloc(0) });
  });

  it("keeps the caller's Content-Type", async () => {
    const headers = { 'content-type': 'application/json' };
    expect(await sendTwice({ method: 'POST', body: '{}', headers })).toMatchObject({ contentType: 'application/json' });
  });

  it('copies bytes that the caller overwrites during the call', async () => {
    await using server = await misbehave(drop, own(200));
    const { runtime, onEvent } = hurried();
    const body = new Uint8Array(binary);
    const call = idempotentFetch({ storage: 'memory', runtime, onEvent })(server.url, {
      method: 'POST',
      body,
      operation: 'o',
    });
    body.fill(0);
    await call;
    expect(server.seen.map((seen) => seen.body.equals(binary))).toEqual([true, true]);
  });

  it('a Request, which the caller can pass again afterwards', async () => {
    let request: Request | undefined;
    const sent = await sendTwice({ method: 'patch' }, (url) => {
      request = new Request(url, { method: 'POST', body: 'x=1', headers: { 'content-type': 'text/x' } });
      return request;
    });
    expect(sent).toEqual({ method: 'PATCH', contentType: 'text/x', body: Buffer.from('x=1') });
    expect(await request?.text()).toBe('x=1');
  });

  it('a Request keeps its other members', async () => {
    await using server = await misbehave(answer(302, { location: '/elsewhere' }));
    const request = new Request(server.url, { method: 'POST', body: 'x', redirect: 'manual' });
    const { response } = await idempotentFetch({ storage: 'memory' })(request, { operation: 'o' });
    expect(response.status).toBe(302);
  });

  it('a Request made from a stream, which is read once', async () => {
    const stream = new Blob(['streamed']).stream();
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    const sent = await sendTwice({}, (url) => new Request(url, init));
    expect(sent.body?.toString()).toBe('streamed');
  });
});

describe('a body that cannot be sent twice is refused before anything is sent', () => {
  const url = 'http://127.0.0.1:9/';
  const client = idempotentFetch({ storage: 'memory' });

  it('a stream', async () => {
    const body = new Blob(['x']).stream();
    const error = await failure(client(url, { method: 'POST', body, operation: 'o' }));
    expect(error).toBeInstanceOf(LatchkeyError);
    expect(error).toMatchObject({ code: 'body-not-replayable' });
    expect(error.message).toMatch(/FormData/);
    expect(await client.isPending('o')).toBe(false);
  });

  it('a Request that was read before', async () => {
    const request = new Request(url, { method: 'POST', body: 'x' });
    await request.text();
    expect(await failure(client(request, { operation: 'o' }))).toMatchObject({ code: 'body-not-replayable' });
  });

  it('a plain object, which would be sent as [object Object]', async () => {
    // @ts-expect-error Not a valid body of fetch, but JavaScript callers may pass it.
    const call = client(url, { method: 'POST', body: { amount: 1 }, operation: 'o' });
    expect(await failure(call)).toMatchObject({ code: 'body-not-replayable' });
  });
});

describe('two requests are the same', () => {
  const prepare = (body: BodyInit, init: RequestInit = {}) =>
    prepareRequest('http://127.0.0.1:9/', { method: 'POST', body, ...init });

  it('whatever their multipart boundaries', async () => {
    expect(sameRequest(await prepare(form()), await prepare(form()))).toBe(true);
  });

  it('not with one byte changed', async () => {
    const changed = new Uint8Array(binary);
    // Both are invalid UTF-8, so a comparison as text would treat them as equal.
    changed[0x80] = 0x81;
    expect(sameRequest(await prepare(form()), await prepare(form(changed)))).toBe(false);
    expect(sameRequest(await prepare(binary), await prepare(changed))).toBe(false);
  });

  it('not with another method', async () => {
    expect(sameRequest(await prepare('x'), await prepare('x', { method: 'PUT' }))).toBe(false);
  });
});
