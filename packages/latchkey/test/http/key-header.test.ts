import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKey } from '../../src/http/request/key-header.ts';
import { holds } from './seeded.ts';

const refused = { refused: expect.any(String) };
const keyCharacters = fc
  .string({ minLength: 1, maxLength: 255, unit: 'grapheme-ascii' })
  .filter((key) => key.trim() !== '');
const quoted = (key: string) => `"${key.replace(/["\\]/g, '\\$&')}"`;

describe('readKey', () => {
  it('reads the quoted and the bare form as one key', () => {
    expect(readKey(['"8e03978e-40d5"'], 'lenient')).toEqual({ key: '8e03978e-40d5' });
    expect(readKey(['8e03978e-40d5'], 'lenient')).toEqual({ key: '8e03978e-40d5' });
  });

  it('refuses the bare form when strict', () => {
    expect(readKey(['abc'], 'strict')).toEqual(refused);
    expect(readKey(['"abc"'], 'strict')).toEqual({ key: 'abc' });
  });

  it('keeps the case of a key', () => {
    expect(readKey(['aBc'], 'lenient')).toEqual({ key: 'aBc' });
  });

  it.each([':', '*', '{}', '%', '\\', "'", '%22', '../..', 'a\\b', '<script>', '$(x)', '`'])(
    'reads bare %s unchanged',
    (key) => {
      expect(readKey([key], 'lenient')).toEqual({ key });
      expect(readKey([quoted(key)], 'lenient')).toEqual({ key });
    },
  );

  it.each([
    ['empty', ['']],
    ['the empty string', ['""']],
    ['blank', ['   ']],
    ['a blank string', ['"   "']],
    ['an open quote', ['"abc']],
    ['a closing quote alone', ['abc"']],
    ['a quote inside', ['a"b']],
    ['a space inside a bare key', ['a b']],
    ['joined by a proxy', ['a, b']],
    ['joined without a space', ['a,b']],
    ['strings joined', ['"a", "b"']],
    ['a stray parameter', ['"a";p=1']],
    ['a stray parameter on a bare key', ['a;p=1']],
    ['a control character', ['a\u0001b']],
    ['a control character in a string', ['"a\u007fb"']],
    ['a tab', ['"a\tb"']],
    ['non-ASCII', ['clé']],
    ['non-ASCII in a string', ['"clé"']],
    ['latin-1 bytes of UTF-8', ['"clÃ©"']],
    ['sent twice', ['a', 'a']],
    ['sent three times, quoted', ['"a"', '"a"', '"a"']],
  ] as const)('refuses a header that is %s', (_name, lines) => {
    expect(readKey(lines, 'lenient')).toEqual(refused);
    expect(readKey(lines, 'strict')).toEqual(refused);
  });

  it('counts the characters of the key itself, up to 255', () => {
    const longest = '"'.repeat(255);
    expect(readKey([quoted(longest)], 'strict')).toEqual({ key: longest });
    expect(readKey([quoted(`${longest}"`)], 'strict')).toEqual(refused);
    expect(readKey(['k'.repeat(255)], 'lenient')).toEqual({ key: 'k'.repeat(255) });
    expect(readKey(['k'.repeat(256)], 'lenient')).toEqual(refused);
  });

  it('reads every printable key back from its quoted form, in both modes', () => {
    holds(
      fc.property(keyCharacters, (key) => {
        expect(readKey([quoted(key)], 'strict')).toEqual({ key });
        expect(readKey([quoted(key)], 'lenient')).toEqual({ key });
      }),
    );
  });

  it('reads different bare keys as different keys', () => {
    const bare = fc.string({ minLength: 1, unit: fc.constantFrom('"', '\\', ',', ';', ' ', 'a', ':', '*', '%') });
    holds(
      fc.property(bare, (line) => {
        const reading = readKey([line], 'lenient');
        if ('key' in reading && !line.includes('"')) expect(reading.key).toBe(line);
      }),
    );
  });
});
