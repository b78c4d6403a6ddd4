import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/http/request/json-canonical.ts';
import { pointerTree } from '../../src/http/request/json-pointer.ts';
import { holds } from './seeded.ts';

/** RFC 8785 for a parsed value, implemented simply and slowly. */
function oracle(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oracle).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${oracle(member)}`).join(',')}}`;
}

/** The same value with its members in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, turned(member)] as const);
  return Object.fromEntries(members.reverse());
}

/** A numeral as an exact fraction: an integer, and the power of ten by which it is divided. */
function exact(numeral: string): readonly [whole: bigint, power: number] {
  const [mantissa = '', exponent = '0'] = numeral.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return [BigInt(whole + fraction), fraction.length - Number(exponent)];
}

function isSameDecimal(a: string, b: string): boolean {
  if (!Number.isFinite(Number(a))) return false;
  const [[wholeA, powerA], [wholeB, powerB]] = [exact(a), exact(b)];
  const most = Math.max(powerA, powerB);
  return wholeA * 10n ** BigInt(most - powerA) === wholeB * 10n ** BigInt(most - powerB);
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const values = fc.jsonValue({ maxDepth: 5 });

describe('canonicalJson', () => {
  it('gives the same as a simple implementation, whatever the order and white space', () => {
    holds(
      fc.property(values, fc.constantFrom(undefined, 1, '\t', ' \r\n'), (value, space) => {
        const expected = oracle(value);
        expect(canonicalJson(JSON.stringify(turned(value), null, space))).toBe(expected);
      }),
      1000,
    );
  });

  it('is its own canonical form', () => {
    holds(
      fc.property(values, (value) => {
        const canonical = canonicalJson(JSON.stringify(value)) ?? '';
        expect(canonicalJson(canonical)).toBe(canonical);
      }),
    );
  });

  it('differs for values that differ', () => {
    holds(
      fc.property(values, values, (a, b) => {
        const same = canonicalJson(JSON.stringify(a)) === canonicalJson(JSON.stringify(b));
        expect(same).toBe(oracle(a) === oracle(b));
      }),
    );
  });

  it('accepts a text as JSON only if the parser does', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '"a"',
      '1',
      '-',
      '0',
      '.',
      'e',
      'E+',
      'true',
      'nul',
      'null',
      ' ',
      '\n',
      '\u0000',
      '\\u00',
      'é',
    );
    const texts = fc.array(pieces, { maxLength: 8 }).map((list) => list.join(''));
    holds(
      fc.property(texts, (text) => {
        if (canonicalJson(text) !== undefined) expect(parses(text)).toBe(true);
        else if (parses(text)) expect(text).toMatch(/"a".*"a"|""|e|E|[0-9]{16}/);
      }),
      20_000,
    );
  });

  it('survives JSON text that is cut anywhere', () => {
    const text = '{"a":[1,-2.5e3,"x\\u00e9\\"",{"b":null}],"c":true}';
    for (let end = 0; end < text.length; end += 1) expect(canonicalJson(text.slice(0, end))).toBeUndefined();
    expect(canonicalJson(`${text}x`)).toBeUndefined();
  });

  it.each([
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['-0.0e7', '0'],
    ['0.10', '0.1'],
    ['10.50e-1', '1.05'],
    ['1e21', '1e+21'],
    ['1e-7', '1e-7'],
    ['9007199254740991', '9007199254740991'],
    ['9007199254740994', '9007199254740994'],
    ['123456789012345680000', '123456789012345680000'],
    ['333333333.33333329', '333333333.3333333'],
  ])('writes the number %s as %s if that is the same number', (numeral, expected) => {
    const exact = numeral !== '333333333.33333329';
    expect(canonicalJson(numeral)).toBe(exact ? expected : undefined);
  });

  it('writes a number as JavaScript does, or has no form for it if the value differs', () => {
    const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${maxLength}}$`));
    const whole = fc.oneof(
      fc.constant('0'),
      digits(20).map((text) => text.replace(/^0+(?=.)/, '')),
    );
    const fraction = fc.oneof(
      fc.constant(''),
      digits(25).map((text) => `.${text}`),
    );
    const zeros = fc.oneof(fc.constant(''), fc.constant('.0'), fc.constant('.50'), fc.constant('.000000012300'));
    const exponent = fc.oneof(fc.constant(''), fc.constant(''), fc.stringMatching(/^[eE][+-]?[0-9]{1,3}$/));
    const numerals = fc.tuple(fc.constantFrom('', '-'), whole, fc.oneof(fraction, zeros), exponent);
    holds(
      fc.property(
        numerals.map((pieces) => pieces.join('')),
        (numeral) => {
          const written = String(Number(numeral));
          expect(canonicalJson(numeral)).toBe(isSameDecimal(written, numeral) ? written : undefined);
          expect(canonicalJson(`[${numeral}, 1]`)).toBe(isSameDecimal(written, numeral) ? `[${written},1]` : undefined);
        },
      ),
      20_000,
    );
  });

  it('keeps the exact value of short numerals up to the limits of a double', () => {
    const mantissas = fc.stringMatching(/^-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,10})?$/);
    const powers = fc.oneof(
      fc.integer({ min: -345, max: -290 }),
      fc.integer({ min: 290, max: 320 }),
      fc.integer({ min: -30, max: 30 }),
    );
    holds(
      fc.property(mantissas, powers, (mantissa, power) => {
        const numeral = `${mantissa}e${power}`;
        const written = String(Number(numeral));
        expect(canonicalJson(numeral)).toBe(isSameDecimal(written, numeral) ? written : undefined);
      }),
      20_000,
    );
  });

  it('remembers a lost value whatever comes after it', () => {
    expect(canonicalJson('[1e400,1e5]')).toBeUndefined();
    expect(canonicalJson('[9007199254740993.0,1,1e400,10e-1]')).toBeUndefined();
  });

  it.each([
    ['an integer beyond 2^53', '9007199254740993'],
    ['a number with too many digits', '0.1234567890123456789'],
    ['a number beyond every double', '1e400'],
    ['a number too near to zero', '1e-400'],
    ['duplicate names', '{"a":1,"a":2}'],
    ['duplicate names, one escaped', '{"a":1,"\\u0061":2}'],
    ['duplicate names, apart', '{"a":1,"b":0,"a":1}'],
    ['a lone surrogate', '"\\ud800"'],
    ['a lone surrogate as name', '{"\\udc00":1}'],
  ])('has no form for %s', (_name, text) => {
    expect(canonicalJson(text)).toBeUndefined();
    expect(canonicalJson(`[${text}]`)).toBeUndefined();
  });

  it('sorts names by UTF-16 code units (RFC 8785 §3.2.3)', () => {
    const text = '{"\\u20ac":1,"\\r":2,"\\ufb33":3,"1":4,"\\ud83d\\ude00":5,"\\u0080":6,"\\u00f6":7}';
    expect(canonicalJson(text)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  it('escapes no more than RFC 8785 does', () => {
    expect(canonicalJson('"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"')).toBe(
      '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
    );
  });

  it('gives up on a text that is nested too deeply, without a crash', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(canonicalJson(nested(200))).toBe(nested(200));
    expect(canonicalJson(nested(201))).toBeUndefined();
    expect(canonicalJson('['.repeat(1_000_000))).toBeUndefined();
  });

  it('handles long numerals, strings and objects', () => {
    const zeros = '0'.repeat(500_000);
    expect(canonicalJson(`1${zeros}1`)).toBeUndefined();
    expect(canonicalJson(`0.${zeros}1`)).toBeUndefined();
    expect(canonicalJson(`1.${zeros}`)).toBe('1');
    expect(canonicalJson(`"${'\\\\'.repeat(250_000)}"`)).toHaveLength(500_002);
    const names = Array.from({ length: 50_000 }, (_, index) => `"${50_000 - index}":1`);
    expect(canonicalJson(`{${names.join()}}`)).toHaveLength(names.join().length + 2);
  });

  it('handles members named like those of every object', () => {
    expect(canonicalJson('{"toString":1,"__proto__":2,"constructor":3}')).toBe(
      '{"__proto__":2,"constructor":3,"toString":1}',
    );
  });
});

describe('canonicalJson with members left out', () => {
  const leftOut = pointerTree(['/sentAt', '/meta/trace', '/items/0/at', '/a~1b', '/m~0n', '/list/1']);
  const canonical = (text: string) => canonicalJson(text, leftOut);

  it('leaves out the members at the pointers, and no others of the same name', () => {
    expect(canonical('{"sentAt":1,"x":{"sentAt":2}}')).toBe('{"x":{"sentAt":2}}');
    expect(canonical('{"meta":{"trace":[1],"id":2}}')).toBe('{"meta":{"id":2}}');
    expect(canonical('{"items":[{"at":1,"n":1},{"at":2}]}')).toBe('{"items":[{"n":1},{"at":2}]}');
    expect(canonical('{"a/b":1,"m~n":2,"c":3}')).toBe('{"c":3}');
  });

  it('keeps the place of an element', () => {
    expect(canonical('{"list":[1,2,3]}')).toBe('{"list":[1,,3]}');
  });

  it('ignores values that JSON loses in a left-out member', () => {
    expect(canonical('{"sentAt":9007199254740993,"a":1}')).toBe('{"a":1}');
    expect(canonical('{"sentAt":1,"a":9007199254740993}')).toBeUndefined();
  });

  it('still requires JSON', () => {
    expect(canonical('{"sentAt":[}')).toBeUndefined();
  });
});
