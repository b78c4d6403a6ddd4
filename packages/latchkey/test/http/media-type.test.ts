import { describe, expect, it } from 'vitest';
import { parseMediaType } from '../../src/http/request/media-type.ts';

const comparable = (value: string) => parseMediaType(value).comparable;

describe('parseMediaType', () => {
  it.each([
    ['application/json', 'Application/JSON'],
    ['application/json', 'application/json; charset=utf-8'],
    ['application/json', 'application/json;charset="UTF-8"'],
    ['application/vnd.api+json', 'application/vnd.api+json ; charset=utf8'],
    ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=UTF-8'],
    ['multipart/form-data; boundary=a', 'multipart/form-data; boundary="b c"'],
    ['text/plain; a=1; b=2', 'text/plain;b=2;a=1'],
  ])('treats %s and %s as equal', (a, b) => {
    expect(comparable(a)).toBe(comparable(b));
  });

  it.each([
    ['application/json', 'application/json; charset=utf-16'],
    ['application/json', 'application/json; profile="x"'],
    ['application/json', 'application/problem+json'],
    ['text/plain; charset=utf-8', 'text/plain; charset=latin1'],
    ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=a'],
    ['text/plain; a="1;b=2"', 'text/plain; a=1; b=2'],
    ['', 'text/plain'],
  ])('distinguishes %s and %s', (a, b) => {
    expect(comparable(a)).not.toBe(comparable(b));
  });

  it('recognizes only JSON in UTF-8', () => {
    expect(parseMediaType('application/problem+json').isJson).toBe(true);
    expect(parseMediaType('application/json; charset=utf-16').isJson).toBe(false);
    expect(parseMediaType('application/jsonp').isJson).toBe(false);
  });

  it('finds the boundary, quoted or not, only of multipart types', () => {
    expect(parseMediaType('multipart/form-data; boundary=----x').boundary).toBe('----x');
    expect(parseMediaType('multipart/mixed; boundary="a \\"b"').boundary).toBe('a "b');
    expect(parseMediaType('text/plain; boundary=a').boundary).toBeUndefined();
  });
});
