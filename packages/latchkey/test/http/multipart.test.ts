import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitMultipart } from '../../src/http/request/multipart.ts';
import { holds } from './seeded.ts';

const build = (parts: readonly string[], boundary: string) =>
  `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
const split = (body: string, boundary: string) =>
  splitMultipart(Buffer.from(body), boundary)?.map((piece) => Buffer.from(piece).toString());

const field = 'Content-Disposition: form-data; name="a"\r\n\r\n1';

describe('splitMultipart', () => {
  it('returns preamble, parts and epilogue', () => {
    expect(split(build([field, 'x\r\n\r\n2'], 'B'), 'B')).toEqual(['', field, 'x\r\n\r\n2', '\r\n']);
    expect(split(`preamble\r\n--B \t\r\n${field}\r\n--B--rest`, 'B')).toEqual(['\r\npreamble', field, 'rest']);
  });

  it('returns the same pieces with another boundary', () => {
    const boundaries = fc.stringMatching(/^[a-zA-Z0-9'()+_,./:=?-]{20,40}$/);
    const parts = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 });
    holds(
      fc.property(parts, boundaries, boundaries, (list, a, b) => {
        const pieces = split(build(list, a), a);
        expect(pieces).toHaveLength(list.length + 2);
        expect(split(build(list, b), b)).toEqual(pieces);
      }),
    );
  });

  it('accepts a boundary of at most 70 characters (RFC 2046 §5.1.1), since searching a longer one can be slow', () => {
    const boundary = 'b'.repeat(70);
    expect(split(build([field], boundary), boundary)).toEqual(['', field, '\r\n']);
    expect(split(build([field], `${boundary}b`), `${boundary}b`)).toBeUndefined();
  });

  it.each([
    ['no delimiter', 'hello'],
    ['no end', `--B\r\n${field}\r\n`],
    ['an end cut short', `--B\r\n${field}\r\n--B-`],
    ['a longer boundary', `--BX\r\n${field}\r\n--BX--`],
    ['bare line feeds', build([field], 'B').replaceAll('\r\n', '\n')],
    ['too many parts', build(Array<string>(1001).fill('x'), 'B')],
  ])('refuses a body with %s', (_name, body) => {
    expect(split(body, 'B')).toBeUndefined();
  });
});
