import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isUnguessable } from '../../src/http/request/principal.ts';

describe('isUnguessable', () => {
  it.each([
    ['a UUID', '4fa282fe-6f26-4f33-8a32-447c6d8a1953'],
    ['a UUID in upper case', '4FA282FE-6F26-4F33-8A32-447C6D8A1953'],
    ['a UUID without hyphens', '4fa282fe6f264f338a32447c6d8a1953'],
    ['a ULID', '01HZX4T3Q8W9V2Y7K6N5M4P3R2'],
    ['a nanoid', 'V1StGXR8_Z5jdHi6B-myT'],
    ['16 bytes in base64url', 'q83vEjRWeJq83vEjRWeJqw'],
    ['a UUID behind a prefix', 'checkout_4fa282fe-6f26-4f33-8a32-447c6d8a1953'],
  ])('accepts %s', (_name, key) => {
    expect(isUnguessable(key)).toBe(true);
  });

  it.each([
    ['an order number', 'order-1001'],
    ['a timestamp', '1767225600000'],
    ['a long number', '00000000000000000000000000000001'],
    ['one letter, often', 'a'.repeat(200)],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['hyphens', '-'.repeat(100)],
    ['half a UUID', '4fa282fe-6f26-4f33'],
    ['36 decimal digits', '123456789012345678901234567890123456'],
  ])('refuses %s', (_name, key) => {
    expect(isUnguessable(key)).toBe(false);
  });

  it('accepts any random UUID and any 16 random bytes', () => {
    for (let count = 0; count < 2000; count += 1) {
      expect(isUnguessable(randomUUID())).toBe(true);
      expect(isUnguessable(randomBytes(16).toString('hex'))).toBe(true);
    }
  });
});
