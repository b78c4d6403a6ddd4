/** The String cases of the public structured-header suite (httpwg/structured-header-tests), rewritten here. */

import { describe, expect, it } from 'vitest';
import { parseStructuredString } from '../../src/http/request/key-header.ts';

const long = `"${'foo '.repeat(60)}"`;

const written: readonly (readonly [name: string, raw: string, expected: string | undefined])[] = [
  ['basic string', '"foo bar"', 'foo bar'],
  ['empty string', '""', ''],
  ['long string', long, 'foo '.repeat(60)],
  ['whitespace string', '"   "', '   '],
  ['non-ascii string', '"füü"', undefined],
  ['tab in string', '"\\t"', undefined],
  ['newline in string', '" \\n "', undefined],
  ['single quoted string', "'foo'", undefined],
  ['unbalanced string', '"foo', undefined],
  ['string quoting', '"foo \\"bar\\" \\\\ baz"', 'foo "bar" \\ baz'],
  ['bad string quoting', '"foo \\,"', undefined],
  ['ending string quote', '"foo \\"', undefined],
  ['abruptly ending string quote', '"foo \\', undefined],
  ['large string', `"${'='.repeat(1024)}"`, '='.repeat(1024)],
  ['large escaped string', `"${'\\"'.repeat(1024)}"`, '"'.repeat(1024)],
  ['empty item', '', undefined],
  ['leading space', '  "1"', '1'],
  ['trailing space', '"1"  ', '1'],
  ['leading and trailing space', '  "1"  ', '1'],
  ['leading and trailing tab', '\t"1"\t', undefined],
  ['two strings on two lines, joined', '"foo", "bar"', undefined],
  ['a parameter', '"foo";a=1', undefined],
  ['a token', 'foo', undefined],
  ['a number', '42', undefined],
  ['a byte sequence', ':aGVsbG8=:', undefined],
  ['a boolean', '?1', undefined],
];

const ascii = Array.from({ length: 0x80 }, (_, code) => code);
const isPlain = (code: number) => code >= 0x20 && code <= 0x7e && code !== 0x22 && code !== 0x5c;
const isEscapable = (code: number) => code === 0x22 || code === 0x5c;
const hex = (code: number) => `0x${code.toString(16).padStart(2, '0')}`;

describe('parseStructuredString', () => {
  it.each(written)('%s', (_name, raw, expected) => {
    expect(parseStructuredString(raw)).toBe(expected);
  });

  it.each(ascii.map((code) => [hex(code), code] as const))('%s in a string', (_name, code) => {
    const text = ` ${String.fromCharCode(code)} `;
    expect(parseStructuredString(`"${text}"`)).toBe(isPlain(code) ? text : undefined);
  });

  it.each(ascii.map((code) => [hex(code), code] as const))('%s escaped', (_name, code) => {
    const character = String.fromCharCode(code);
    expect(parseStructuredString(`"\\${character}"`)).toBe(isEscapable(code) ? character : undefined);
  });
});
