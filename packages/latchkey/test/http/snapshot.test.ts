import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptHeaders } from '../../src/http/response/kept-headers.ts';
import { decodeResponse, encodeResponse, REFERENCE_FORMAT } from '../../src/http/response/snapshot.ts';
import { holds } from './seeded.ts';

const headerNames = fc.constantFrom('Content-Type', 'X-Custom', 'Link', 'ETag', 'Location', 'x-lower');
const responses = fc.record({
  status: fc.integer({ min: 200, max: 599 }),
  headers: fc.array(fc.tuple(headerNames, fc.string({ unit: 'grapheme' })), { maxLength: 6 }),
  body: fc.uint8Array({ maxLength: 2000 }),
});

const decoded = (bytes: Uint8Array) => {
  const { body, ...head } = decodeResponse(bytes);
  return { ...head, body: Uint8Array.from(body) };
};

const unreadable = expect.objectContaining({ code: 'record-unreadable' });

describe('a snapshot', () => {
  it('returns status, headers and bytes', () => {
    holds(
      fc.property(responses, fc.boolean(), (response, fixedCoding) => {
        const { result, tombstone } = encodeResponse(response, 2_000, fixedCoding);
        expect(decoded(result.bytes)).toEqual({ ...response, fixedCoding });
        expect(decoded(tombstone)).toEqual({ ...response, fixedCoding, body: new Uint8Array() });
      }),
    );
  });

  it('is the same for bytes at an offset of a larger buffer', () => {
    const response = { status: 201, headers: [['A', 'b']] as const, body: Buffer.from('body') };
    const { bytes: snapshot } = encodeResponse(response, 4).result;
    const larger = new Uint8Array(snapshot.length + 20);
    larger.set(snapshot, 7);
    const { body } = decodeResponse(larger.subarray(7, 7 + snapshot.length));
    expect(Buffer.from(body).toString()).toBe('body');
  });

  it('adds little to its content', () => {
    const headers = [['Content-Type', 'application/json']] as const;
    const { result } = encodeResponse({ status: 200, headers, body: Buffer.alloc(400) }, 400);
    expect(result.bytes.length).toBeLessThan(450);
  });

  it('is stable across releases: a stored record depends on it', () => {
    const written = Buffer.from([1, 0, 0, 0, 15, ...Buffer.from('[201,0,"A","b"]'), 0xff]);
    const response = { status: 201, headers: [['A', 'b']] as const, body: Uint8Array.of(0xff) };
    expect(Buffer.from(encodeResponse(response, 1).result.bytes)).toEqual(written);
    expect(decodeResponse(written)).toMatchObject({ status: 201, headers: [['A', 'b']] });
  });

  it('with a reference in place of the body has another version, so that a former release does not replay it', () => {
    const response = { status: 201, headers: [['A', 'b']] as const, body: Buffer.from('"key_1"') };
    const { result, tombstone } = encodeResponse(response, 100, false, REFERENCE_FORMAT);
    const written = Buffer.from([2, 0, 0, 0, 15, ...Buffer.from('[201,0,"A","b"]"key_1"')]);
    expect(Buffer.from(result.bytes)).toEqual(written);
    expect(decodeResponse(written)).toMatchObject({ status: 201, headers: [['A', 'b']], isReference: true });
    expect(decodeResponse(tombstone).body).toHaveLength(0);
    expect(decodeResponse(encodeResponse(response, 100).result.bytes).isReference).toBeUndefined();
  });

  it('truncated in its head is unreadable', () => {
    const { tombstone } = encodeResponse({ status: 200, headers: [['A', 'b']], body: Buffer.alloc(0) }, 0);
    for (let end = 0; end < tombstone.length; end += 1) {
      expect(() => decodeResponse(tombstone.subarray(0, end))).toThrow(unreadable);
    }
  });

  it.each([
    ['of a newer version', [3, 0, 0, 0, 7, ...Buffer.from('[200,0]')]],
    ['without JSON', [1, 0, 0, 0, 3, ...Buffer.from('abc')]],
    ['without a status', [1, 0, 0, 0, 9, ...Buffer.from('["200",0]')]],
    ['with no list', [1, 0, 0, 0, 2, ...Buffer.from('{}')]],
    ['with half a header', [1, 0, 0, 0, 11, ...Buffer.from('[200,0,"A"]')]],
    ['with a header that is no text', [1, 0, 0, 0, 13, ...Buffer.from('[200,0,"A",1]')]],
  ])('%s is unreadable', (_name, bytes) => {
    expect(() => decodeResponse(Uint8Array.from(bytes))).toThrow(unreadable);
  });

  it('of random bytes gives an error with the code or a response', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeResponse(bytes);
        } catch (error) {
          expect(error).toEqual(unreadable);
        }
      }),
      2000,
    );
  });
});

describe('keptHeaders', () => {
  it('R51: leaves out headers of one connection, moment, caller, origin or trace', () => {
    const dropped = [
      'Connection',
      'Keep-Alive',
      'Transfer-Encoding',
      'Upgrade',
      'TE',
      'Trailer',
      'Content-Length',
      'Date',
      'Age',
      'Set-Cookie',
      'SET-COOKIE',
      'WWW-Authenticate',
      'Proxy-Authenticate',
      'Authentication-Info',
      'RateLimit',
      'RateLimit-Policy',
      'RateLimit-Remaining',
      'X-RateLimit-Reset',
      'X-Rate-Limit-Limit',
      'Access-Control-Allow-Origin',
      'Content-Security-Policy',
      'Content-Security-Policy-Report-Only',
      'traceparent',
      'tracestate',
      'X-Request-Id',
      'Server-Timing',
      'Retry-After',
      'Idempotent-Replayed',
      'Idempotency-Status',
      'Idempotency-Stored',
    ].map((name) => [name, 'x'] as const);
    expect(keptHeaders(dropped)).toEqual([]);
  });

  it('R52: keeps all others, repeated headers separately and in order', () => {
    const headers = [
      ['Link', '</a>'],
      ['Content-Type', 'text/plain'],
      ['Link', '</b>'],
      ['Location', '/x'],
      ['ETag', '"1"'],
      ['Cache-Control', 'max-age=1'],
      ['Vary', 'Origin'],
    ] as const;
    expect(keptHeaders(headers)).toEqual(headers);
  });

  it('leaves out headers that Connection names', () => {
    const headers = [
      ['Connection', 'close, X-Hop'],
      ['x-hop', '1'],
      ['X-End', '2'],
    ] as const;
    expect(keptHeaders(headers)).toEqual([['X-End', '2']]);
  });
});
