import { randomBytes } from 'node:crypto';
import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Transacted } from '../../../src/core/store.ts';
import type { DynamodbTransactions } from '../../../src/stores/dynamodb/index.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { callsOf, loseAnswers, type Rig, storeOf } from './rig.ts';

type Collector = DynamodbTransactions<DynamoDB>['handle'];

const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
const step = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;

export function transactionTests(rig: () => Rig): void {
  describe('transactions on DynamoDB', () => {
    const setUp = async () => {
      const made = await storeOf(rig());
      const orders = await rig().table();
      await made.store.claim(claimOf('x', 'a', { policy: 'rerun' }));
      const order = (pk: string) => ({
        Put: { TableName: orders, Item: { pk: { S: pk } }, ConditionExpression: 'attribute_not_exists(pk)' },
      });
      const transact = <T>(body: (handle: Collector) => Transacted<T> | Promise<Transacted<T>>) =>
        made.store.transaction?.(request, body);
      const count = async () => (await made.client.scan({ TableName: orders, ConsistentRead: true })).Count;
      return { ...made, order, transact, count };
    };

    it('accept writes of the client’s own type', () => {
      type Given = Parameters<Collector['add']>[number];
      expectTypeOf<Given>().toEqualTypeOf<
        NonNullable<Parameters<DynamoDB['transactWriteItems']>[0]['TransactItems']>[number]
      >();
    });

    it('write many items and the result together, in a slow function', async () => {
      const { store, order, transact, count } = await setUp();
      const bytes = randomBytes(100_000);
      const outcome = await transact(async ({ add }) => {
        for (let index = 0; index < 99; index += 1) add(order(`order-${index}`));
        await store.saveStep({ id: 'x', token: 'a', name: 'meanwhile', value: bytesOf('1') });
        const result = { kind: 'value', bytes } as const;
        return { value: 7, write: { kind: 'result', result, tombstone: bytesOf('gone'), retentionMs: 1_000 } };
      });
      expect(outcome).toEqual({ outcome: 'committed', value: 7 });
      expect(await count()).toBe(99);
      const record = await store.read('x');
      expect(record?.state).toBe('completed');
      expect(bytes.equals(record?.result?.bytes ?? Buffer.of())).toBe(true);
      expect([...(record?.steps.keys() ?? [])]).toEqual(['meanwhile']);
    });

    it('rethrow a failed condition of the user, and write nothing', async () => {
      const { store, order, transact, count } = await setUp();
      await transact(({ add }) => {
        add(order('taken'));
        return { value: 1, write: { ...step, name: 'first' } };
      });
      const refused = transact(({ add }) => {
        add(order('new'), order('taken'));
        return { value: 1, write: step };
      });
      await expect(refused).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'None' }, { Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
      });
      expect(await count()).toBe(1);
      expect([...((await store.read('x'))?.steps.keys() ?? [])]).toEqual(['first']);
      expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
    });

    it('rethrow the server’s validation errors', async () => {
      const { transact, order } = await setUp();
      const tooMany = transact(({ add }) => {
        for (let index = 0; index < 100; index += 1) add(order(`order-${index}`));
        return { value: 1, write: step };
      });
      await expect(tooMany).rejects.toMatchObject({ name: 'ValidationException' });
      const nowhere = transact(({ add }) => {
        add({ Put: { TableName: 'nowhere', Item: { pk: { S: '1' } } } });
        return { value: 1, write: step };
      });
      await expect(nowhere).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    });

    it('are lost after a takeover during them, even if the user’s condition fails too', async () => {
      const { store, order, transact, count, runtime } = await setUp();
      await transact(({ add }) => {
        add(order('taken'));
        return { value: 1, write: { ...step, name: 'first' } };
      });
      for (const [token, name] of [
        ['b', 'new'],
        ['c', 'taken'],
      ] as const) {
        const lost = await store.transaction?.({ ...request, token: token === 'b' ? 'a' : 'b' }, async ({ add }) => {
          add(order(name));
          await runtime.advance(30_000);
          expect(await store.claim(claimOf('x', token, { takeover: 'rerun' }))).toMatchObject({ outcome: 'claimed' });
          return { value: 1, write: step };
        });
        expect(lost).toEqual({ outcome: 'lost' });
      }
      expect(await count()).toBe(1);
      expect([...((await store.read('x'))?.steps.keys() ?? [])]).toEqual(['first']);
    });

    it('hold the lease while the function runs', async () => {
      const { store, transact, order, runtime } = await setUp();
      await runtime.advance(20_000);
      await transact(async ({ add }) => {
        await runtime.advance(29_999);
        expect((await store.claim(claimOf('x', 'b', { takeover: 'rerun' }))).outcome).toBe('running');
        add(order('1'));
        return { value: 1, write: step };
      });
    });

    it('accept no write after the function has ended', async () => {
      const { order, transact, count } = await setUp();
      let kept: Collector | undefined;
      await transact((handle) => {
        kept = handle;
        return { value: 1, write: step };
      });
      expect(() => kept?.add(order('late'))).toThrow(expect.objectContaining({ code: 'transaction-ended-early' }));
      expect(await count()).toBe(0);
    });

    it('are applied once when the answer is lost and the client repeats the call', async () => {
      const { client, transact, order, store, count } = await setUp();
      const lost = loseAnswers(client, 'TransactWriteItems');
      const calls = await callsOf(client, async () =>
        expect(
          await transact(({ add }) => {
            add(order('1'));
            return { value: 1, write: step };
          }),
        ).toEqual({ outcome: 'committed', value: 1 }),
      );
      expect(lost()).toBe(1);
      expect(calls).toEqual(['UpdateItem', 'TransactWriteItems']);
      expect(await count()).toBe(1);
      expect((await store.read('x'))?.steps.size).toBe(1);
    });
  });
}
