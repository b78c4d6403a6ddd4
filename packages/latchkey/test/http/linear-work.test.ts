import { describe, expect, it } from 'vitest';
import { operationPattern } from '../../src/core/support/operation-pattern.ts';
import { acceptsCodings, codingsOf } from '../../src/http/content-coding.ts';
import type { CapturedResponse } from '../../src/http/exchange.ts';
import { bodyForm } from '../../src/http/request/body-form.ts';
import { ignoredMembers, withoutParameters } from '../../src/http/request/form-members.ts';
import { pointerTree } from '../../src/http/request/json-pointer.ts';
import { parseStructuredString, readKey } from '../../src/http/request/key-header.ts';
import { parseMediaType } from '../../src/http/request/media-type.ts';
import { readPrincipal } from '../../src/http/request/principal.ts';
import { httpDateMs } from '../../src/http/request/quarantine.ts';
import { isNotFinal } from '../../src/http/response/classify.ts';
import { workOf } from './work.ts';

/** Texts of about `length` characters that may make a parser backtrack. */
const filled =
  (piece: string, end = '') =>
  (length: number) =>
    piece.repeat(length / piece.length) + end;
const nested = (open: string, close: string, most: number) => (length: number) => {
  const one = open.repeat(most) + close.repeat(most);
  return `[${Array(Math.ceil(length / one.length))
    .fill(one)
    .join()}]`;
};

type Parse = (text: string) => unknown;
type Texts = Readonly<Record<string, (length: number) => string>>;

async function expectLinear(parse: Parse, texts: readonly ((length: number) => string)[], length: number) {
  const workAt = (size: number) => {
    const inputs = texts.map((textOf) => textOf(size));
    return workOf(async () => {
      for (const input of inputs) await parse(input);
    });
  };
  const [once, twice] = [await workAt(length), await workAt(2 * length)];
  expect(twice).toBeLessThanOrEqual(2.5 * once + 1_000);
  expect(twice).toBeLessThanOrEqual(20 * texts.length * (2 * length + 64));
}

const rules = {
  byBytes: false,
  leftOut: pointerTree(['/0/a', '/a/a', '/sentAt', '/1']),
  ignoredForm: ignoredMembers(['a', 'f[a]']),
  maxRequestBytes: 2 ** 24,
};
const bytesOf = (text: string) => ({ kind: 'bytes', bytes: Buffer.from(text, 'latin1') }) as const;
const bodyAs = (type: string): Parse => {
  const mediaType = parseMediaType(type);
  return (text) => bodyForm(bytesOf(text), mediaType, [], rules);
};

const request = (header: string) => ({ native: header, headers: () => [header] });
const answer = (headers: CapturedResponse['headers'], body = ''): CapturedResponse => ({
  status: 409,
  headers,
  body: Buffer.from(body),
  state: 'whole',
  headSent: false,
});

describe('parsers of bodies take steps in proportion to a body of 1 MiB', () => {
  const long = 512 * 1024;
  const json: Texts = {
    integers: filled('12,'),
    decimals: filled('1.0,'),
    exponents: filled('1e5,'),
    'one long numeral': filled('7'),
    'one long decimal of zeros': (length) => `0.${'0'.repeat(length)}1`,
    'a long numeral that breaks off': (length) => `${'1'.repeat(length)}e`,
    'one long string of escapes': (length) => `"${'\\n'.repeat(length / 2)}"`,
    'a string without an end': filled('a'),
    'white space': filled(' '),
    'opening brackets': filled('['),
    'arrays within the depth': nested('[', ']', 199),
    'objects within the depth': (length) => nested('{"a":', '}', 190)(length).replaceAll(':}', ':0}'),
    'members in reverse': (length) =>
      `{${Array.from({ length: length / 16 }, (_, index) => `"m${9_999_999 - index}":1.0`).join()}}`,
    'members of one name': (length) => `{${filled('"a":1,')(length)}"a":1}`,
    'members left out': (length) => `{"sentAt":[${filled('1,')(length)}1]}`,
  };
  it.each(Object.entries(json))('JSON: %s', async (name, textOf) => {
    const isList = ['integers', 'decimals', 'exponents'].includes(name);
    await expectLinear(bodyAs('application/json'), [isList ? (length) => `[${textOf(length)}1]` : textOf], long);
  });

  it.each([
    ['arrays nested deep', (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))],
    ['objects nested deep', (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)],
  ])('a parsed body: %s', async (_name, nestedValue) => {
    const mediaType = parseMediaType('application/json');
    const workAt = (depth: number) => {
      const value: unknown = nestedValue(depth);
      return workOf(() => bodyForm({ kind: 'value', value }, mediaType, [], rules));
    };
    expect(await workAt(80_000)).toBeLessThanOrEqual(2.2 * (await workAt(40_000)) + 1_000);
  });

  const boundary = 'a'.repeat(70);
  const multipart: Texts = {
    'near misses of the delimiter': filled(`\r\n--${boundary.slice(1)}b`),
    'beginnings of delimiters': filled('\r\n--'),
    'white space behind a delimiter': (length) => `--${boundary}${' '.repeat(length)}`,
    'small parts': filled(`--${boundary}\r\n`),
  };
  it.each(Object.entries(multipart))('multipart: %s', async (_name, textOf) => {
    await expectLinear(bodyAs(`multipart/form-data; boundary=${boundary}`), [textOf], long);
  });
});

describe('parsers of forms take steps in proportion to a body of 1 MiB', () => {
  const long = 512 * 1024;
  it.each([
    ['members', filled('a=1&')],
    ['separators', filled('&')],
    ['escapes', filled('%41')],
    ['broken escapes', filled('%')],
  ])('URL-encoded: %s', async (_name, textOf) => {
    await expectLinear(bodyAs('application/x-www-form-urlencoded'), [textOf], long);
  });

  const header = 'content-disposition: form-data';
  it.each([
    ['many parts', filled(`--B\r\n${header}; name="a"\r\n\r\n1\r\n`)],
    ['a long header', (length: number) => `--B\r\n${header}${filled('; a')(length)}\r\n\r\n1\r\n--B--`],
    ['many header lines', (length: number) => `--B\r\n${filled('a: b\r\n')(length)}\r\n1\r\n--B--`],
  ])('multipart: %s', async (_name, textOf) => {
    await expectLinear(bodyAs('multipart/form-data; boundary=B'), [textOf], long);
  });
});

describe('parsers of headers take steps in proportion to a header of 16 KiB', () => {
  const long = 8 * 1024;
  const pattern = operationPattern('POST /v1/:a/:b/x/:c');
  const parsers: Readonly<Record<string, Parse>> = {
    'the key, lenient': (text) => readKey([text], 'lenient'),
    'the key, strict': (text) => readKey([text], 'strict'),
    'a structured string': parseStructuredString,
    'the media type': parseMediaType,
    'content codings': (text) => codingsOf([text]),
    'accepted codings': (text) => acceptsCodings([text], ['gzip']),
    'the principal': (text) => readPrincipal('authorization', request(text), 'k'),
    'a bearer token': (text) => readPrincipal('authorization', request(`Bearer ${text}`), 'k'),
    'an anonymous key': (text) => readPrincipal('anonymous', request(''), text),
    'an HTTP date': httpDateMs,
    'the mark of another layer': (text) => isNotFinal(answer([['idempotency-status', text]])),
    'the problem of another layer': (text) => isNotFinal(answer([['content-type', 'application/json']], text)),
    'a query': (text) => withoutParameters(`/?${text}`, new Set(['a'])),
    'an operation name': (text) => pattern.matches(`POST /v1/${text}`),
    'the segments of a path': (text) => pattern.paramsOf('POST', `/v1/${text}`),
  };
  const pieces = [
    'a',
    '0',
    ' ',
    '\t',
    '"',
    '\\',
    '\\"',
    ';',
    ';a',
    ';a=',
    ';a="',
    ';a="\\',
    '; ',
    ',',
    ', ',
    '=',
    '-',
    '.',
  ];
  pieces.push('/', '/x', 'a.', 'a.b.', '%', '%41', ';q=0', ';q=0.', '; final', '{"', '[', 'é', '\0', 'Mon', ':', '(');
  const texts = pieces.flatMap((piece) => ['', '"', '\0', 'x'].map((end) => filled(piece, end)));

  it.each(Object.entries(parsers))('%s', async (_name, parse) => {
    await expectLinear(parse, texts, long);
  });
});

describe('the count itself', () => {
  it('detects a regular expression with quadratic time', async () => {
    const trailingZeros = (text: string) => text.replace(/0+$/, '');
    await expect(expectLinear(trailingZeros, [filled('0', '1')], 4_096)).rejects.toThrow();
  });
});
