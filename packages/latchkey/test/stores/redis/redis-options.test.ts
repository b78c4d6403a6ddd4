import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { createClient as createClient4 } from 'redis4';
import { describe, expect, it } from 'vitest';
import { keySlot } from '../../../src/stores/redis/clients/key-slot.ts';
import { redisStore } from '../../../src/stores/redis/index.ts';

const invalid = { code: 'option-invalid' };

function make(options: object): () => unknown {
  return () => Reflect.apply(redisStore, undefined, [options]);
}

describe('the options of the redis store', () => {
  const client = new Redis({ lazyConnect: true });

  it('refuse unsupported clients', () => {
    const strangers = [undefined, null, 'redis://localhost', {}, { get: () => {}, set: () => {} }, new Map()];
    for (const stranger of strangers)
      expect(make({ client: stranger })).toThrow(
        expect.objectContaining({ ...invalid, message: expect.stringContaining('client') }),
      );
  });

  it('refuse a client with a key prefix', () => {
    const prefixed = [
      new Redis({ lazyConnect: true, keyPrefix: 'app:' }),
      new Cluster([{ port: 1 }], { lazyConnect: true, keyPrefix: 'app:' }),
      createClient({ keyPrefix: 'app:' }),
      createCluster({ rootNodes: [], keyPrefix: 'app:' }),
    ];
    for (const given of prefixed)
      expect(make({ client: given })).toThrow(
        expect.objectContaining({ ...invalid, message: expect.stringContaining('keyPrefix') }),
      );
  });

  it('refuse a redis 4 client in legacy mode', () => {
    expect(make({ client: createClient4({ legacyMode: true }) })).toThrow(
      expect.objectContaining({ ...invalid, message: expect.stringContaining('legacyMode') }),
    );
  });

  it('are checked by name', () => {
    expect(make({ client, prefx: 'x' })).toThrow(expect.objectContaining({ code: 'option-unknown' }));
    const wrong: readonly object[] = [
      { prefix: '' },
      { prefix: 7 },
      { prefix: '{tag}:' },
      { maxResultBytes: 0 },
      { timeoutMs: 0 },
      { waitReplicas: { replicas: 0, timeoutMs: 100 } },
      { waitReplicas: { replicas: 1, timeoutMs: 0 } },
    ];
    for (const option of wrong) expect(make({ client, ...option })).toThrow(expect.objectContaining(invalid));
  });

  it('create a store without connecting', async () => {
    const store = redisStore({ client });
    expect([store.name, store.volatile]).toEqual(['redis', false]);
    await store.close();
  });
});

describe('the slot of a key', () => {
  it('is that of the specification', () => {
    // 0x31C3 is the specification's own check value of CRC-16 for these digits.
    expect(keySlot('123456789')).toBe(0x31c3);
    expect(keySlot('a{123456789}b')).toBe(0x31c3);
    expect(keySlot('{}123')).not.toBe(keySlot('{}456'));
    expect(keySlot('')).toBe(0);
  });
});
