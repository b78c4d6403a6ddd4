import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dynamodbStore, tableDefinition } from '../../../src/stores/dynamodb/index.ts';
import { listen } from '../../adapters/apps/server.ts';
import { clientOf } from '../../servers/dynamodb-local.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type Rig, storeOf } from './rig.ts';

const resolution = { decision: 'forget' } as const;

export function refusalTests(rig: () => Rig): void {
  describe('refusals of the DynamoDB store', () => {
    const foreign = {
      'of another application': { name: { S: 'Ada' }, ex: { N: '0' } },
      'of a newer format': { lk: { N: '3' }, tk: { S: 'a' }, ph: { S: 'held' }, ex: { N: '0' } },
      'of an older format': { lk: { N: '0' }, tk: { S: 'a' } },
      'that lacks the request of its format': {
        lk: { N: '2' },
        tk: { S: 'b' },
        ph: { S: 'held' },
        ex: { N: '99999999999999' },
      },
      garbled: { lk: { N: '1' }, tk: { N: '5' }, ph: { S: 'held' }, ex: { N: '99999999999999' } },
      'without a state': { lk: { N: '1' }, tk: { S: 'a' }, ex: { N: '99999999999999' } },
    };

    it.each(Object.entries(foreign))('an item %s, which is unchanged', async (_, attributes) => {
      const { store, client, table, item } = await storeOf(rig());
      const written = { pk: { S: 'r#x' }, ...attributes };
      await client.putItem({ TableName: table, Item: written });
      const owner = { id: 'x', token: 'a' };
      const calls = [
        () => store.claim(claimOf('x', 'a')),
        () => store.renew({ ...owner, leaseMs: 1_000, unresolvedRetentionMs: 1_000 }),
        () => store.complete(completionOf('x', 'a')),
        () => store.release({ ...owner, retentionMs: 1_000 }),
        () => store.abandon({ ...owner, unresolvedRetentionMs: 1_000 }),
        () => store.saveStep({ ...owner, name: 'step', value: bytesOf('saved') }),
        () => store.read('x'),
        () => store.resolve({ ...owner, resolution }),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'record-unreadable' });
      expect(await item('r#x')).toEqual(written);
    });

    it("other applications' items in the table are skipped", async () => {
      const { store, client, table, items } = await storeOf(rig(), { prefix: 'mine:' });
      const others = [
        { pk: { S: 'order-1' }, pr: { S: 'principal' }, ex: { N: '0' } },
        { pk: { S: 'mine:r#foreign' }, pr: { S: 'principal' }, ex: { N: '0' } },
      ];
      for (const Item of others) await client.putItem({ TableName: table, Item });
      const neighbour = dynamodbStore({ client, table, prefix: 'yours:', clock: 'own' });
      await neighbour.claim(claimOf('x', 'a'));
      expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'claimed' });
      expect((await store.list({ state: 'running', limit: 10 })).records).toHaveLength(1);
      expect(await store.erase('principal')).toBe(1);
      expect(await store.sweep(10)).toBe(0);
      expect(await items()).toHaveLength(3);
    });

    it('a request that does not fit into an item, before anything was written', async () => {
      const { store, items } = await storeOf(rig());
      const most = 320 * 1024;
      const asking = (size: number) => ({ request: new Uint8Array(size).fill(7), operation: 'x'.repeat(8_192) });
      const refused = store.claim(claimOf('x', 'a', asking(most + 1)));
      await expect(refused).rejects.toMatchObject({ code: 'value-invalid' });
      expect(await items()).toEqual([]);
      await store.claim(claimOf('x', 'a', asking(most)));
      for (const name of ['one', 'two'])
        expect(await store.saveStep({ id: 'x', token: 'a', name, value: new Uint8Array(8_000) })).toBe(true);
      expect((await store.read('x'))?.request?.byteLength).toBe(most);
      expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
    });

    it('a missing table, with how to create it', async () => {
      const store = dynamodbStore({ client: rig().client, table: 'missing', clock: 'own' });
      const missing = { code: 'store-unavailable', message: expect.stringContaining('tableDefinition') };
      await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject(missing);
      await expect(store.ping()).rejects.toMatchObject(missing);
    });

    it('an invalid client or option', () => {
      const bare = new DynamoDBClient({ region: 'local' });
      onTestFinished(() => bare.destroy());
      const { client } = rig();
      const invalid = expect.objectContaining({ code: 'option-invalid' });
      // @ts-expect-error a bare client has no methods for operations
      expect(() => dynamodbStore({ client: bare, table: 'table' })).toThrow(invalid);
      expect(() => dynamodbStore({ client, table: '' })).toThrow(invalid);
      expect(() => dynamodbStore({ client, table: 'table', maxResultBytes: 0 })).toThrow(invalid);
      const unknown = { client, table: 'table', tabel: 'table' };
      expect(() => dynamodbStore(unknown)).toThrow(expect.objectContaining({ code: 'option-unknown' }));
    });

    it('accepts a table of its own definition', async () => {
      const { create, timeToLive } = tableDefinition({ table: 'defined' });
      await rig().client.createTable(create);
      await rig().client.updateTimeToLive(timeToLive);
      const store = dynamodbStore({ client: rig().client, table: 'defined' });
      expect((await store.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    });
  });
}

/** A server that answers every call with one error, as DynamoDB does. */
async function failing(status: number, error: string) {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    calls += 1;
    const body = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: 'no' });
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
  });
  const { origin, close } = await listen(server);
  const client = clientOf(Number(new URL(origin).port), { maxAttempts: 2 });
  onTestFinished(async () => {
    client.destroy();
    await close();
  });
  return { client, calls: () => calls };
}

export function errorTests(): void {
  describe('errors of DynamoDB', () => {
    const errors = [
      [400, 'ProvisionedThroughputExceededException'],
      [400, 'ThrottlingException'],
      [400, 'RequestLimitExceeded'],
      [400, 'TransactionConflictException'],
      [400, 'AccessDeniedException'],
      [500, 'InternalServerError'],
    ] as const;

    it.each(errors)('%i %s is store-unavailable, after a bounded number of tries', async (status, error) => {
      const { client, calls } = await failing(status, error);
      const store = dynamodbStore({ client, table: 'table', clock: 'own' });
      const unavailable = { code: 'store-unavailable', cause: { name: error } };
      await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject(unavailable);
      expect(calls()).toBeLessThanOrEqual(5);
    });

    it('include answers without a date, unless the own clock is used', async () => {
      const server = createServer((request, response) => {
        request.resume();
        response.sendDate = false;
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
      });
      const { origin, close } = await listen(server);
      const client = clientOf(Number(new URL(origin).port));
      onTestFinished(async () => {
        client.destroy();
        await close();
      });
      const dateless = { code: 'store-unavailable', message: expect.stringContaining('Date') };
      await expect(dynamodbStore({ client, table: 'table' }).claim(claimOf('x', 'a'))).rejects.toMatchObject(dateless);
      const own = dynamodbStore({ client, table: 'table', clock: 'own' });
      expect((await own.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    });

    it('include no answer at all', async () => {
      const server = createServer((request) => void request.resume());
      const { origin, close } = await listen(server);
      const client = clientOf(Number(new URL(origin).port));
      onTestFinished(async () => {
        client.destroy();
        await close();
      });
      const store = dynamodbStore({ client, table: 'table', clock: 'own', callTimeoutMs: 100 });
      const late = { code: 'store-unavailable', message: expect.stringContaining('callTimeoutMs') };
      await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject(late);
    });
  });
}
