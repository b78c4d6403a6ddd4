import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestBody } from '../../src/http/exchange.ts';
import { bodyForm } from '../../src/http/request/body-form.ts';
import { jsonText } from '../../src/http/request/json-text.ts';
import { parseMediaType } from '../../src/http/request/media-type.ts';
import { holds } from './seeded.ts';

const rules = { byBytes: false, leftOut: undefined, ignoredForm: undefined, maxRequestBytes: 10_000 };
const formOf = (body: RequestBody, type: string, contentEncoding: readonly string[] = []) =>
  bodyForm(body, parseMediaType(type), contentEncoding, rules);
const bytes = (text: string | Uint8Array) => ({ kind: 'bytes', bytes: Buffer.from(text) }) as const;
const json = (text: string | Uint8Array) => formOf(bytes(text), 'application/json');
const value = (parsed: unknown, type = 'application/json') => formOf({ kind: 'value', value: parsed }, type);

describe('bodyForm of JSON', () => {
  it('R21: ignores order of members and white space', () => {
    expect(json('{ "b": [1, 2],\n "a": 1.0 }')).toEqual(json('{"a":1,"b":[1,2]}'));
  });

  it.each([
    ['[1,2]', '[2,1]'],
    ['1', '"1"'],
    ['{"a":null}', '{}'],
    ['9007199254740992', '9007199254740993'],
    ['9007199254740993', '9007199254740994'],
    ['1.0000000000000001', '1'],
    ['1e400', '1e401'],
    ['"\\ud800"', '"\\udbff"'],
    ['"\\ud800"', '"\\ufffd"'],
    ['"1"', '"1 "'],
    ['"é"', '"e\\u0301"'],
  ])('R22: distinguishes %s and %s', (a, b) => {
    expect(json(a)).not.toEqual(json(b));
  });

  it('R23: compares duplicate names by their bytes', () => {
    const twice = '{"a":1,"a":2}';
    expect(json(twice)).toEqual(json(twice));
    expect(json(twice)).not.toEqual(json('{"a":2}'));
    expect(json(twice)).not.toEqual(json('{"a":1, "a":2}'));
    expect(json(twice)).not.toEqual(json('{"a":2,"a":1}'));
  });

  it('compares a body that is not JSON, or not UTF-8, by its bytes', () => {
    expect(json('{')).toEqual(json('{'));
    expect(json('{')).not.toEqual(json('{ '));
    expect(json(Uint8Array.of(0x22, 0xff, 0x22))).not.toEqual(json(Uint8Array.of(0x22, 0xfe, 0x22)));
    expect(json(Uint8Array.of(0x22, 0xff, 0x22))).not.toEqual(json('"\ufffd"'));
  });

  it('gives a parsed body the same form as its text', () => {
    holds(
      fc.property(fc.jsonValue(), (parsed) => {
        expect(value(parsed)).toEqual(json(JSON.stringify(parsed)));
      }),
    );
  });

  it('distinguishes equal values from different ones', () => {
    holds(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const texts = [JSON.stringify(a), JSON.stringify(b)] as const;
        const same = JSON.stringify(json(texts[0])) === JSON.stringify(json(texts[1]));
        if (texts[0] === texts[1]) expect(same).toBe(true);
        if (same) expect(JSON.parse(texts[0])).toEqual(JSON.parse(texts[1]));
      }),
    );
  });
});

describe('bodyForm of a parsed body', () => {
  it('takes bytes and text from a parser unchanged', () => {
    expect(value(Buffer.from('abc'), 'text/plain')).toEqual(formOf(bytes('abc'), 'text/plain'));
    expect(value('abc', 'text/plain')).toEqual(formOf(bytes('abc'), 'text/plain'));
    expect(value('abc')).toEqual(json('"abc"'));
  });

  it('compares a form by its members', () => {
    const type = 'application/x-www-form-urlencoded';
    expect(value({ a: '1', b: '2' }, type)).toEqual(value({ b: '2', a: '1' }, type));
    expect(value({ a: '1' }, type)).not.toEqual(value({ a: 1 }, type));
  });

  it("distinguishes values that JSON can represent but a canonical form can't", () => {
    expect(value(['\ud800'])).not.toEqual(value(['\ud801']));
  });

  it('compares a value that is nested too deep for JSON.stringify by the same text', () => {
    const depth = 40_000;
    const deep = (inner: unknown) => {
      let wrapped = inner;
      for (let level = 0; level < depth; level += 1) wrapped = level % 2 === 0 ? [wrapped] : { a: wrapped };
      return wrapped;
    };
    expect(() => JSON.stringify(deep(1))).toThrow(RangeError);
    expect(value(deep(1))).toEqual(value(deep(1)));
    expect(value(deep(1))).not.toEqual(value(deep(2)));
    holds(
      fc.property(fc.jsonValue(), (inner) => {
        expect(jsonText(deep(inner))).toBe('{"a":['.repeat(depth / 2) + JSON.stringify(inner) + ']}'.repeat(depth / 2));
      }),
      20,
    );
    const odd = {
      at: new Date(0),
      none: undefined,
      list: [undefined, () => 1, Object('boxed')],
      x: { toJSON: () => [1] },
    };
    expect(jsonText(deep(odd))).toBe('{"a":['.repeat(depth / 2) + JSON.stringify(odd) + ']}'.repeat(depth / 2));
    const circular: unknown[] = [];
    circular.push(deep(circular));
    expect(value(circular)).toBe('consumed');
    expect(value(deep(10n))).toBe('consumed');
  });

  it("refuses a value that JSON can't represent", () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const parsed of [undefined, () => 1, 10n, circular]) expect(value(parsed)).toBe('consumed');
  });

  class Secret {
    readonly #content: string;
    readonly name = 'a secret';

    constructor(content: string) {
      this.#content = content;
    }

    get length() {
      return this.#content.length;
    }
  }

  it.each([
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['FormData', new FormData()],
    ['URLSearchParams', new URLSearchParams('a=1')],
    ['a stream', Readable.from(['a'])],
    ['a web stream', new ReadableStream()],
    ['a Blob', new Blob(['a'])],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['an instance with a private field', new Secret('x')],
    ['an Error', new Error('x')],
    ['an invalid Date', new Date(Number.NaN)],
    ['a number that JSON has not', Number.NaN],
    ['a symbol', Symbol('x')],
    ['a function', () => 1],
  ])('R84 refuses %s', (_what, lost) => {
    expect(value(lost)).toBe('consumed');
    expect(value({ member: lost })).toBe('consumed');
    expect(value([[lost]])).toBe('consumed');
  });

  it('R84 refuses a list with gaps', () => {
    expect(value([undefined])).toBe('consumed');
  });

  it('treats an undefined member as absent', () => {
    expect(value({ a: 1, b: undefined })).toEqual(json('{"a":1}'));
  });

  it('uses toJSON of a value', () => {
    const at = new Date(0);
    expect(value({ at, bytes: Buffer.from('a') })).toEqual(json(JSON.stringify({ at, bytes: Buffer.from('a') })));
    expect(value({ at })).not.toEqual(value({ at: new Date(1) }));
  });

  it('treats objects of another realm, and those without a prototype, as plain', () => {
    expect(value(runInNewContext('({ a: [1] })'))).toEqual(json('{"a":[1]}'));
    expect(value(Object.assign(Object.create(null), { a: [1] }))).toEqual(json('{"a":[1]}'));
  });

  it('R84 refuses multipart whose files are not in the body', () => {
    const type = 'multipart/form-data; boundary=x';
    expect(value({ title: 'contract' }, type)).toBe('consumed');
    const whole = { kind: 'value', value: [['title', 'contract']], hasFiles: false } as const;
    expect(formOf(whole, type)).toEqual(value(whole.value));
  });
});

describe('bodyForm of multipart', () => {
  const part = (boundary: string, content: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="f"\r\n\r\n${content}\r\n--${boundary}--\r\n`;
  const form = (boundary: string, body: string) => formOf(bytes(body), `multipart/form-data; boundary=${boundary}`);

  it('R24: does not depend on the boundary', () => {
    expect(form('aaa', part('aaa', 'x'))).toEqual(form('bbb', part('bbb', 'x')));
    expect(form('aaa', part('aaa', 'x'))).not.toEqual(form('aaa', part('aaa', 'y')));
  });

  it('compares by bytes and boundary if the boundary is longer than 70 characters', () => {
    const [a, b] = ['a'.repeat(71), 'b'.repeat(71)];
    expect(form(a, part(a, 'x'))).toEqual(form(a, part(a, 'x')));
    expect(form(a, part(a, 'x'))).not.toEqual(form(b, part(b, 'x')));
  });

  it('compares malformed multipart by bytes and boundary', () => {
    expect(form('aaa', 'x')).toEqual(form('aaa', 'x'));
    expect(form('aaa', 'x')).not.toEqual(form('bbb', 'x'));
  });
});

describe('bodyForm of coded bodies', () => {
  const coded = (text: string, coding = 'gzip') => formOf(bytes(gzipSync(text)), 'application/json', [coding]);

  it('compares the decoded body', async () => {
    expect(await coded('{"a": 1}')).toEqual(json('{"a":1}'));
  });

  it('stops at the limit', async () => {
    expect(await coded(`"${'x'.repeat(10_000)}"`)).toBe('too-large');
  });

  it("compares a body that it can't decode by its bytes", async () => {
    expect(await coded('1', 'unknown')).toEqual(await coded('1', 'unknown'));
    expect(await coded('1', 'unknown')).not.toEqual(await coded('1', 'other'));
    expect(await coded('1', 'unknown')).not.toEqual(await coded('2', 'unknown'));
  });

  it('returns the result of an adapter', () => {
    for (const kind of ['too-large', 'consumed', 'broken'] as const) expect(formOf({ kind }, '')).toBe(kind);
  });
});
