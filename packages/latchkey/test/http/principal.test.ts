import { describe, expect, it } from 'vitest';
import type { Principal } from '../../src/http/options.ts';
import { readPrincipal } from '../../src/http/request/principal.ts';

const uuid = '4fa282fe-6f26-4f33-8a32-447c6d8a1953';
const view = (authorization: readonly string[]) => ({
  native: 'native',
  headers: (name: string) => (name === 'authorization' ? authorization : []),
});
const read = (principal: Principal<string>, authorization: readonly string[] = [], key = 'k') =>
  readPrincipal(principal, view(authorization), key);
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const jws = `${base64url('{"alg":"none"}')}.${base64url('{}')}.`;

describe("readPrincipal by 'authorization'", () => {
  it.each(['Basic c2tfdGVzdDo=', 'Bearer sk_test_123', 'Bearer a.b.c', 'ApiKey x', 'opaque-token-alone'])(
    'accepts %s',
    (line) => {
      expect(read('authorization', [line])).toEqual({ principal: expect.stringMatching(/^authorization:.{43}$/) });
    },
  );

  it('contains no credential', () => {
    expect(JSON.stringify(read('authorization', ['Bearer sk_test_123']))).not.toContain('sk_test');
  });

  it('ignores the letter case of the scheme, not that of the credentials', () => {
    expect(read('authorization', ['basic YTpi'])).toEqual(read('authorization', ['Basic  YTpi']));
    expect(read('authorization', ['Basic YTpi'])).not.toEqual(read('authorization', ['Basic ytpi']));
    expect(read('authorization', ['Bearer YTpi'])).not.toEqual(read('authorization', ['Basic YTpi']));
  });

  it.each([
    ['a JWT', `Bearer ${jws}${base64url('signature')}`],
    ['an unsigned JWT', `Bearer ${jws}`],
    ['a JWT under another scheme', `Token ${jws}x`],
    ['an encrypted JWT', `Bearer ${base64url('{"alg":"dir"}')}..iv.text.tag`],
    ['a JWT with white space in its header', `Bearer ${base64url(' {"alg":"none"}')}.a.b`],
    ['Digest', 'Digest username="a", nonce="b"'],
    ['a signature', 'AWS4-HMAC-SHA256 Credential=a, Signature=b'],
    ['Kerberos', 'Negotiate abc'],
  ])('refuses %s, since a retry would have another principal', (_name, line) => {
    expect(read('authorization', [line])).toMatchObject({ problem: { code: 'principal-unstable' } });
  });

  it.each([[[]], [['']], [['Basic ']], [['Basic a', 'Basic b']]])('needs exactly one header, not %j', (lines) => {
    expect(read('authorization', lines)).toMatchObject({ problem: { code: 'principal-missing' } });
  });
});

describe("readPrincipal by 'anonymous'", () => {
  it('needs an unguessable key', () => {
    expect(read('anonymous', [], uuid)).toEqual({ principal: '\0anonymous' });
    expect(read('anonymous', [], 'order-1001')).toMatchObject({ problem: { code: 'key-invalid', status: 400 } });
  });
});

describe('readPrincipal by a function', () => {
  it("calls the function with the framework's request and uses its result", async () => {
    expect(read((native) => `of ${native}`)).toEqual({ principal: 'of native' });
    expect(await read(async (native) => `of ${native}`)).toEqual({ principal: 'of native' });
  });

  it.each([undefined, ''])('treats %j as a guard before authentication', async (nobody) => {
    expect(read(() => nobody)).toMatchObject({ problem: { code: 'guard-before-authentication', status: 500 } });
    expect(await read(async () => nobody)).toMatchObject({ problem: { code: 'guard-before-authentication' } });
  });

  it('demands a string if the function returns a number or an object', () => {
    for (const value of [42, 42n, {}, true])
      expect(read((() => value) as never)).toMatchObject({
        problem: { code: 'principal-invalid', status: 500, detail: expect.stringContaining('String(user.id)') },
      });
  });

  it('awaits any thenable', async () => {
    // biome-ignore lint/suspicious/noThenProperty: the promises of query builders are such objects
    const lazy = { then: (resolve: (value: string) => void) => resolve('tenant') };
    const ask = (): Promise<string> => lazy as Promise<string>;
    expect(await read(ask)).toEqual({ principal: 'tenant' });
  });

  it("passes on the function's error", () => {
    const refusal = new Error('401');
    expect(() =>
      read(() => {
        throw refusal;
      }),
    ).toThrow(refusal);
  });
});
