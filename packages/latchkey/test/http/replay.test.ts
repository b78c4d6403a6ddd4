import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Header } from '../../src/http/exchange.ts';
import { answerResponse } from '../../src/http/response/answer.ts';
import { replay } from '../../src/http/response/replay.ts';

const text = Buffer.from('hello '.repeat(50));
const stored = (headers: readonly Header[], body: Uint8Array = text, status = 200, fixedCoding = false) => ({
  status,
  headers: [...headers],
  body,
  fixedCoding,
});

/** A client that sends these lines of Accept-Encoding. */
const client = (acceptEncoding: readonly string[]) => ({ headers: () => acceptEncoding });

describe('replay', () => {
  it('R3, R64: is marked, not cacheable, and has Content-Length', async () => {
    expect(await replay(stored([['A', 'b']]), client([]))).toEqual({
      status: 200,
      headers: [
        ['A', 'b'],
        ['Idempotent-Replayed', 'true'],
        ['Idempotency-Status', 'replayed'],
        ['Cache-Control', 'no-store'],
        ['Content-Length', '300'],
      ],
      body: text,
    });
  });

  it("keeps the application's own Cache-Control", async () => {
    const { headers } = await replay(stored([['cache-control', 'max-age=5']]), client([]));
    expect(headers.filter(([name]) => name.toLowerCase() === 'cache-control')).toEqual([
      ['cache-control', 'max-age=5'],
    ]);
  });

  it.each([204, 304])('R53: has neither body nor length with %i', async (status) => {
    const { headers, body } = await replay(stored([], new Uint8Array(), status), client([]));
    expect(headers.map(([name]) => name)).not.toContain('Content-Length');
    expect(body).toHaveLength(0);
  });

  it('R53: has Content-Length 0 for an empty body', async () => {
    expect((await replay(stored([], new Uint8Array(), 201), client([]))).headers).toContainEqual([
      'Content-Length',
      '0',
    ]);
  });
});

describe('replay of a coded answer', () => {
  const gzipped = zlib.gzipSync(text);
  const headers = [
    ['Content-Encoding', 'gzip'],
    ['ETag', '"v1"'],
    ['Content-Digest', 'sha-256=:x:'],
    ['Vary', 'Accept-Encoding'],
  ] as const;

  it('stays compressed for a client that accepts the coding', async () => {
    const response = await replay(stored(headers, gzipped), client(['br, gzip']));
    expect(response.body).toEqual(gzipped);
    expect(response.headers).toEqual(expect.arrayContaining([...headers, ['Content-Length', String(gzipped.length)]]));
  });

  it.each([
    ['gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
  ] as const)('R80: is decoded from %s for a client that does not', async (coding, encode) => {
    const coded = [['Content-Encoding', coding], ...headers.slice(1)] as const;
    const response = await replay(stored(coded, encode(text)), client(['identity']));
    expect(Buffer.from(response.body)).toEqual(text);
    expect(response.headers).toEqual([
      ['ETag', 'W/"v1"'],
      ['Vary', 'Accept-Encoding'],
      ['Idempotent-Replayed', 'true'],
      ['Idempotency-Status', 'replayed'],
      ['Cache-Control', 'no-store'],
      ['Content-Length', String(text.length)],
    ]);
  });

  it('is unchanged if the first client had not asked for the coding either', async () => {
    expect((await replay(stored(headers, gzipped, 200, true), client([]))).body).toEqual(gzipped);
  });

  it("is unchanged if it can't be decoded", async () => {
    const response = await replay(stored([['Content-Encoding', 'exotic']], text), client([]));
    expect(response.body).toEqual(text);
    expect(response.headers).toContainEqual(['Content-Encoding', 'exotic']);
  });
});

describe('answerResponse', () => {
  it('sends an object as JSON, with its length', () => {
    expect(answerResponse({ status: 201, headers: { Location: '/x' }, body: { é: 1 } })).toEqual({
      status: 201,
      headers: [
        ['Content-Type', 'application/json'],
        ['Location', '/x'],
        ['Content-Length', '8'],
      ],
      body: Buffer.from('{"é":1}'),
    });
  });

  it('sends text and bytes unchanged', () => {
    expect(answerResponse({ body: 'é' }).headers[0]).toEqual(['Content-Type', 'text/plain;charset=UTF-8']);
    expect(answerResponse({ body: Uint8Array.of(0xff) }).body).toEqual(Uint8Array.of(0xff));
  });

  it('is 204 without a body', () => {
    expect(answerResponse({})).toEqual({ status: 204, headers: [], body: new Uint8Array() });
    expect(answerResponse({ status: 200, body: null }).headers).toEqual([['Content-Length', '0']]);
  });

  it("keeps the answer's own type and repeated headers, and sets Content-Length", () => {
    const headers = { 'content-type': 'text/html', Link: ['</a>', '</b>'], 'content-length': '99' };
    expect(answerResponse({ headers, body: 'x' }).headers).toEqual([
      ['content-type', 'text/html'],
      ['Link', '</a>'],
      ['Link', '</b>'],
      ['Content-Length', '1'],
    ]);
  });
});
