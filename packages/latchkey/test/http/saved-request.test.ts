import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest, encodeRequest } from '../../src/http/request/saved-request.ts';
import { holds } from './seeded.ts';

const header = fc.tuple(fc.string(), fc.string());
const content = fc.record({
  method: fc.constantFrom('POST', 'PATCH', 'PUT'),
  target: fc.webPath(),
  principal: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  headers: fc.array(header),
  body: fc.uint8Array({ maxLength: 300 }),
  byReference: fc.constantFrom(true, undefined),
});

const unreadable = expect.objectContaining({ code: 'record-unreadable' });

describe('a saved request', () => {
  it('is decoded unchanged', () => {
    holds(
      fc.property(content, (request) => {
        const decoded = decodeRequest(encodeRequest(request));
        expect({ ...decoded, body: new Uint8Array(decoded.body) }).toEqual(request);
      }),
    );
  });

  it('of a route with response.reference has a version that a release without references refuses', () => {
    const request = { method: 'POST', target: '/a', principal: undefined, headers: [], body: new Uint8Array() };
    expect(encodeRequest(request)[0]).toBe(1);
    expect(encodeRequest({ ...request, byReference: true })[0]).toBe(2);
  });

  it('is unreadable when it is truncated, of another version, or foreign data', () => {
    const bytes = encodeRequest({
      method: 'POST',
      target: '/a',
      principal: undefined,
      headers: [],
      body: new Uint8Array(),
    });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeRequest(bytes.subarray(0, length)), `${length} bytes`).toThrow(unreadable);
    }
    expect(() => decodeRequest(bytes.with(0, 3))).toThrow(unreadable);
    expect(() => decodeRequest(Buffer.from('{"method":"POST"}'))).toThrow(unreadable);
  });
});
