import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OperatorStore } from '../../src/core/store.ts';
import { dynamodbStore, tableDefinition } from '../../src/stores/dynamodb/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { startDynamodb } from '../servers/dynamodb-local.ts';
import { startRedis } from '../servers/redis-server.ts';
import { isSelected } from '../servers/selected.ts';
import { claimOf } from './requests.ts';

const startLimitMs = 60_000;

/** Reads all pages of the lapsed records; how many there were, and how many of them ended early. */
async function pagesOf(store: Pick<OperatorStore, 'list'>, mostRead: number) {
  const ids: string[] = [];
  let cursor: string | undefined;
  let early = 0;
  do {
    const asked = { state: 'lapsed', limit: 100, mostRead, ...(cursor !== undefined && { cursor }) } as const;
    const { records, next } = await store.list(asked);
    ids.push(...records.map(({ id }) => id));
    cursor = next;
    if (next !== undefined) early += 1;
  } while (cursor !== undefined);
  return { ids: ids.sort(), early };
}

/** Makes running records, of which every hundredth lapses. */
async function fill(
  store: Pick<OperatorStore, 'claim' | 'saveStep' | 'abandon'>,
  count: number,
  value: Uint8Array,
): Promise<readonly string[]> {
  const lapsed: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const owner = { id: `record-${String(at).padStart(5, '0')}`, token: `token-${at}` };
    await store.claim({ ...claimOf(owner.id, owner.token), leaseMs: 600_000 });
    await store.saveStep({ ...owner, name: 'step', value });
    if (at % 100 !== 0) continue;
    await store.abandon({ ...owner, unresolvedRetentionMs: 600_000 });
    lapsed.push(owner.id);
  }
  return lapsed;
}

if (isSelected('redis'))
  describe('a list with mostRead on Redis', () => {
    it('ends its pages early, and has every record on one of them', { timeout: startLimitMs }, async () => {
      const server = await startRedis([]);
      const client = new Redis(server.port);
      onTestFinished(async () => {
        client.disconnect();
        await server.stop();
      });
      const store = redisStore({ client });
      const lapsed = await fill(store, 2_000, new Uint8Array(1));
      const { ids, early } = await pagesOf(store, 300);
      expect(ids).toEqual(lapsed);
      expect(early).toBeGreaterThanOrEqual(4);
      expect((await pagesOf(store, 1_000_000)).early).toBe(0);
    });
  });

if (isSelected('dynamodb'))
  describe('a list with mostRead on DynamoDB', () => {
    it('ends a page at the end of that of the table', { timeout: startLimitMs }, async () => {
      const server = await startDynamodb();
      onTestFinished(server.stop);
      const client = server.client();
      await client.createTable(tableDefinition({ table: 'records' }).create);
      const store = dynamodbStore({ client, table: 'records' });
      const lapsed = await fill(store, 200, new Uint8Array(20_000));
      const { ids, early } = await pagesOf(store, 1_000);
      expect(ids).toEqual(lapsed);
      expect(early).toBeGreaterThanOrEqual(2);
    });
  });
