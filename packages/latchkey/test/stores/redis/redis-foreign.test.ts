import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type Connected, singleClients } from './clients.ts';
import { singleServer } from './single-server.ts';

const key = 'latchkey:a';
const unreadable = { code: 'record-unreadable' };

/** A record of this version, to be modified. */
async function recordBytes(server: Redis, connected: Connected): Promise<Buffer> {
  const store = redisStore({ client: connected.client });
  await store.claim(claimOf('a', 't'));
  await store.saveStep({ id: 'a', token: 't', name: 'step', value: bytesOf('value') });
  const bytes = await server.getBuffer(key);
  if (bytes === null) throw new TypeError('There is no record.');
  return bytes;
}

function spoilt(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
}

const values: Readonly<Record<string, (server: Redis, bytes: Buffer) => Promise<unknown>>> = {
  'a hash': (server) => server.hset(key, 'state', 'done'),
  'a list': (server) => server.rpush(key, 'x'),
  'another text': (server) => server.set(key, '{"status":"COMPLETE","response":"a longer text than a record’s head"}'),
  'a number': (server) => server.set(key, 17),
  'an empty text': (server) => server.set(key, ''),
  'a record of a newer format': (server, bytes) => server.set(key, spoilt(bytes, 2, 3)),
  'a completed record with a request': (server, bytes) => server.set(key, spoilt(spoilt(bytes, 2, 2), 3, 2)),
  'a record whose request is cut short': (server, bytes) => server.set(key, spoilt(bytes, 2, 2)),
  'a record of an older format': (server, bytes) => server.set(key, spoilt(bytes, 2, 0)),
  'a record in an unknown phase': (server, bytes) => server.set(key, spoilt(bytes, 3, 9)),
  'a completed record without an end': (server, bytes) => server.set(key, spoilt(bytes, 3, 2).subarray(0, 60)),
  'a record cut short in its head': (server, bytes) => server.set(key, bytes.subarray(0, 20)),
  'a record cut short in its texts': (server, bytes) => server.set(key, bytes.subarray(0, 40)),
  'a record cut short in its steps': (server, bytes) => server.set(key, bytes.subarray(0, -1)),
  'a record with something behind it': (server, bytes) => server.set(key, Buffer.concat([bytes, bytes])),
};

if (isSelected('redis'))
  describe.each(Object.entries(singleClients))('foreign values under the prefix, through %s', (_name, connect) => {
    const redis = singleServer(connect);

    for (const [name, write] of Object.entries(values))
      it(`${name} is refused and not changed`, async () => {
        const bytes = await recordBytes(redis.own, redis.connected);
        await redis.own.del(key);
        await write(redis.own, bytes);
        const before = await redis.own.dumpBuffer(key);
        const store = redisStore({ client: redis.connected.client });
        const owner = { id: 'a', token: 't', leaseMs: 1, unresolvedRetentionMs: 1, retentionMs: 1 };
        await expect(store.claim(claimOf('a', 't', { takeover: 'any' }))).rejects.toMatchObject(unreadable);
        await expect(store.complete(completionOf('a', 't'))).rejects.toMatchObject(unreadable);
        await expect(store.renew(owner)).rejects.toMatchObject(unreadable);
        await expect(store.release(owner)).rejects.toMatchObject(unreadable);
        await expect(store.abandon(owner)).rejects.toMatchObject(unreadable);
        await expect(store.saveStep({ ...owner, name: 'x', value: bytesOf('x') })).rejects.toMatchObject(unreadable);
        await expect(store.resolve({ ...owner, resolution: { decision: 'forget' } })).rejects.toMatchObject(unreadable);
        await expect(store.read('a')).rejects.toMatchObject(unreadable);
        expect(await redis.own.dumpBuffer(key)).toEqual(before);
        expect(await redis.own.pttl(key)).toBe(-1);
      });

    it("they don't affect a list, and are not erased", async () => {
      const store = redisStore({ client: redis.connected.client });
      for (const id of ['b', 'c']) await store.claim(claimOf(id, 't'));
      await redis.own.hset(key, 'state', 'done');
      await redis.own.set('latchkey:text', 'text');
      const page = await store.list({ state: 'running', limit: 10 });
      expect(page.records.map(({ id }) => id).sort()).toEqual(['b', 'c']);
      expect(await store.erase('principal')).toBe(2);
      expect(await redis.own.exists(key, 'latchkey:text')).toBe(2);
    });

    it('keys outside the prefix are never read', async () => {
      const shop = redisStore({ client: redis.connected.client, prefix: 'shop*:' });
      await redisStore({ client: redis.connected.client, prefix: 'shopping:' }).claim(claimOf('a', 't'));
      expect(await shop.list({ state: 'running', limit: 10 })).toEqual({ records: [] });
      expect(await shop.erase('principal')).toBe(0);
      expect(await redis.own.dbsize()).toBe(1);
    });
  });
