import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemRuntime } from '../../src/core/runtime.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

/** The UUIDs of a new copy of the module whose random bytes are given. */
async function uuidsFrom(fill: (bytes: Uint8Array) => void, count: number): Promise<string[]> {
  vi.resetModules();
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((bytes) => {
    fill(bytes as unknown as Uint8Array);
    return bytes;
  });
  const { systemRuntime: copy } = await import('../../src/core/runtime.ts');
  return Array.from({ length: count }, () => copy.random.uuid());
}

describe('a UUID of the system runtime', () => {
  it('has the version and variant of RFC 9562, and random bytes elsewhere', async () => {
    const counted = (bytes: Uint8Array) => bytes.set(bytes.map((_, index) => index % 256));
    expect(await uuidsFrom((bytes) => void bytes.fill(0), 1)).toEqual(['00000000-0000-4000-8000-000000000000']);
    expect(await uuidsFrom((bytes) => void bytes.fill(0xff), 1)).toEqual(['ffffffff-ffff-4fff-bfff-ffffffffffff']);
    expect(await uuidsFrom(counted, 2)).toEqual([
      '00010203-0405-4607-8809-0a0b0c0d0e0f',
      '10111213-1415-4617-9819-1a1b1c1d1e1f',
    ]);
  });

  it('takes the next random bytes, also after the buffer is refilled', async () => {
    let group = 0;
    const numbered = (bytes: Uint8Array) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 12; at < bytes.length; at += 16) view.setUint32(at, group++);
    };
    const uuids = await uuidsFrom(numbered, 600);
    expect(uuids.map((uuid) => Number.parseInt(uuid.slice(-8), 16))).toEqual(uuids.map((_, index) => index));
  });

  it('differs from all others, over many refills of the buffer', () => {
    const uuids = Array.from({ length: 5_000 }, () => systemRuntime.random.uuid());
    expect(new Set(uuids).size).toBe(uuids.length);
    for (const uuid of uuids) expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    for (let at = 0; at < 36; at += 1) {
      const digits = new Set(uuids.map((uuid) => uuid[at])).size;
      expect([at, digits]).toEqual([at, [8, 13, 14, 18, 23].includes(at) ? 1 : at === 19 ? 4 : 16]);
    }
  });
});
