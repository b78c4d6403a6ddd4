import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedDigest } from '../../src/core/support/digest.ts';
import {
  type FingerprintInput,
  type FingerprintVersion,
  fingerprinter,
  fingerprintVersions,
} from '../../src/http/request/fingerprint.ts';
import { holds } from './seeded.ts';

const input: FingerprintInput = {
  target: '/v1/charges?expand=1',
  mediaType: 'application/json',
  body: ['json', '{"amount":2000}'],
  headers: ['if-match', '"a"'],
};
const secret = (letter: string) => letter.repeat(32);

describe('fingerprinter', () => {
  it('is stable across releases: a stored record depends on it', () => {
    expect(fingerprinter([])(input)[0]).toBe('1.8LHbc4R59apqMLzmu_6pWSmdFXpCoK97Swf5stX6Uc8');
    expect(fingerprinter([secret('s')])(input)[0]).toBe('1k.NlBIweMMPhD05DQEWLkBxCQjaFTs9xUAIyobBmzr_XI');
  });

  it('differs for every part of the input', () => {
    const others: readonly FingerprintInput[] = [
      { ...input, target: '/v1/charges?expand=2' },
      { ...input, mediaType: 'text/plain' },
      { ...input, body: ['json', '{"amount":2001}'] },
      { ...input, body: ['bytes', '{"amount":2000}'] },
      { ...input, headers: [] },
      { ...input, headers: ['if-match', '"b"'] },
      { ...input, headers: ['if-none-match', '"a"'] },
    ];
    const all = [input, ...others].map((one) => fingerprinter([])(one)[0]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('differs if text moves from one part to the next', () => {
    const texts = fc.string({ maxLength: 4, unit: fc.constantFrom('1', ':', 'a', '2') });
    const inputs = fc.record({
      target: texts,
      mediaType: texts,
      content: texts,
      headers: fc.array(texts, { maxLength: 2 }),
    });
    const of = (one: { target: string; mediaType: string; content: string; headers: string[] }) =>
      fingerprinter([])({ ...one, body: ['json', one.content] })[0];
    holds(
      fc.property(inputs, inputs, (a, b) => {
        expect(of(a) === of(b)).toBe(
          JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort()),
        );
      }),
      3000,
    );
  });

  it('signs with the first secret and accepts all, and records from before there was one', () => {
    const plain = fingerprinter([])(input)[0];
    const old = fingerprinter([secret('o')])(input)[0];
    const rotated = fingerprinter([secret('n'), secret('o')])(input);
    expect(rotated[0]).not.toBe(old);
    expect(rotated).toContain(old);
    expect(rotated).toContain(plain);
    expect(fingerprinter([secret('n')])(input)).not.toContain(old);
  });

  it('R26: recognizes a record of an older version, and keeps versions separate', () => {
    const older: FingerprintVersion = { tag: '0', materialOf: ({ target, body }) => `${target} ${body[1]}` };
    const [before = ''] = fingerprinter([secret('s')], [older])(input);
    const now = fingerprinter([secret('s')], [...fingerprintVersions, older]);
    expect(now(input)).toContain(before);
    expect(now(input)[0]).toBe(fingerprinter([secret('s')])(input)[0]);
    expect(now({ ...input, target: '/other' })).not.toContain(before);
  });
});

describe('keyedDigest', () => {
  it('is HMAC-SHA-256', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'grapheme' }), (key, text) => {
        const expected = createHmac('sha256', key).update(text).digest('base64url');
        expect(keyedDigest(key)(text)).toBe(expected);
      }),
    );
    expect(keyedDigest('sécret')('text')).toBe(createHmac('sha256', 'sécret').update('text').digest('base64url'));
  });
});
