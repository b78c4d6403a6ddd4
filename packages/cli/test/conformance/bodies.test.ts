import { describe, expect, it } from 'vitest';
import { otherBodyOf, reordered, withOther } from '../../src/conformance/bodies.ts';
import type { Call } from '../../src/conformance/template.ts';

const callOf = (body: string, type = 'application/json'): Call => ({
  method: 'POST',
  url: new URL('http://localhost/'),
  headers: [['Content-Type', type]],
  body: Buffer.from(body),
});

describe('the other body', () => {
  it.each(['5', '1.5', '-3', '9007199254740991', '9007199254740992', '1e21', '-1e21'])(
    'has another number than %s',
    (digits) => {
      const { amount } = JSON.parse(otherBodyOf(callOf(`{"amount":${digits}}`)).toString());
      expect(amount).not.toBe(Number(digits));
      expect(Number.isFinite(amount)).toBe(true);
    },
  );

  it('has another number in a form, also beyond 2^53', () => {
    const form = callOf('id=9007199254740992', 'application/x-www-form-urlencoded');
    expect(otherBodyOf(form).toString()).toBe('id=9007199254740993');
  });
});

describe('another text of the same payload', () => {
  it('keeps the payload', () => {
    const body = '{"a":"1.0, \\" 2.0","b":[1.5,-2]}';
    expect(JSON.parse(String(reordered(callOf(body))))).toEqual(JSON.parse(body));
  });

  it.each(['1234567890123456789', '1.0', '1E5', '-0'])(
    'is not made from the number %s, which would change',
    (digits) => {
      const call = callOf(`{"id":${digits},"at":5}`);
      expect(() => reordered(call)).toThrow('would change a number of the body');
      expect(() => withOther(call, ['at'])).toThrow('would change a number of the body');
    },
  );
});
