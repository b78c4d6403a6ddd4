import { hash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { digestParts, principalDigest } from '../../src/core/support/digest.ts';

vi.mock('node:crypto', async (original) => {
  const actual = await original<typeof import('node:crypto')>();
  return { ...actual, hash: vi.fn(actual.hash) };
});

it('digests a recurring principal once, and keeps a limited number of digests', () => {
  const hashes = (principal: string) => {
    vi.mocked(hash).mockClear();
    const digest = principalDigest(principal);
    const { length } = vi.mocked(hash).mock.calls;
    expect(digest).toBe(digestParts('principal', principal));
    return length;
  };
  expect([hashes('acct_1'), hashes('acct_1'), hashes('acct_2'), hashes('acct_1')]).toEqual([1, 0, 1, 0]);
  for (let index = 0; index < 2_000; index += 1) principalDigest(`other ${index}`);
  expect([hashes('acct_1'), hashes('acct_1')]).toEqual([1, 0]);
});
