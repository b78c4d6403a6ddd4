import { describe, expect, it } from 'vitest';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { callsOf, loseAnswers, type Rig, storeOf } from './rig.ts';

export function callTests(rig: () => Rig): void {
  describe('calls of the DynamoDB store', () => {
    it('are 2 for a first request and 1 for a replay, a conflict, a renewal, a release, a step', async () => {
      const { store, client } = await storeOf(rig());
      const first = await callsOf(client, async () => {
        await store.claim(claimOf('x', 'a'));
        await store.complete(completionOf('x', 'a', 'y'.repeat(32_768)));
      });
      expect(first).toEqual(['PutItem', 'UpdateItem']);
      expect(await callsOf(client, () => store.claim(claimOf('x', 'b')))).toEqual(['PutItem']);
      await store.claim(claimOf('y', 'a'));
      const owner = { id: 'y', token: 'a' };
      expect(await callsOf(client, () => store.claim(claimOf('y', 'b')))).toEqual(['PutItem']);
      const step = { ...owner, name: 'step', value: bytesOf('saved') };
      expect(await callsOf(client, () => store.saveStep(step))).toEqual(['UpdateItem']);
      const renewal = { ...owner, leaseMs: 1_000, unresolvedRetentionMs: 1_000 };
      expect(await callsOf(client, () => store.renew(renewal))).toEqual(['UpdateItem']);
      expect(await callsOf(client, () => store.release({ ...owner, retentionMs: 1_000 }))).toEqual(['UpdateItem']);
    });

    it('are 1 for a lost record or a repeated call', async () => {
      const { store, client } = await storeOf(rig());
      await store.claim(claimOf('x', 'a'));
      await store.complete(completionOf('x', 'a'));
      expect(await callsOf(client, () => store.complete(completionOf('x', 'a')))).toEqual(['UpdateItem']);
      expect(await callsOf(client, () => store.complete(completionOf('x', 'b')))).toEqual(['UpdateItem']);
      expect(await callsOf(client, () => store.complete(completionOf('absent', 'b')))).toEqual(['UpdateItem']);
    });

    it("read before they write with claimBy: 'read'", async () => {
      const { store, client } = await storeOf(rig(), { claimBy: 'read' });
      const first = await callsOf(client, async () => {
        await store.claim(claimOf('x', 'a'));
        await store.complete(completionOf('x', 'a'));
      });
      expect(first).toEqual(['GetItem', 'PutItem', 'UpdateItem']);
      expect(await callsOf(client, () => store.claim(claimOf('x', 'b')))).toEqual(['GetItem']);
    });

    it('request the time once, and not again while answers arrive', async () => {
      const { store, client } = await storeOf(rig(), { clock: 'server' });
      const calls = await callsOf(client, async () => {
        await Promise.all([store.claim(claimOf('x', 'a')), store.claim(claimOf('y', 'a'))]);
        await store.complete(completionOf('x', 'a'));
      });
      expect(calls).toEqual(['GetItem', 'PutItem', 'PutItem', 'UpdateItem']);
    });

    it('are one transaction of the record and the user’s items', async () => {
      const { store, client } = await storeOf(rig());
      const other = await rig().table();
      await store.claim(claimOf('x', 'a'));
      const write = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;
      const calls = await callsOf(client, async () =>
        store.transaction?.({ ...claimOf('x', 'a') }, ({ add }) => {
          add(
            { Put: { TableName: other, Item: { pk: { S: '1' } } } },
            { Put: { TableName: other, Item: { pk: { S: '2' } } } },
          );
          return { value: 1, write };
        }),
      );
      expect(calls).toEqual(['UpdateItem', 'TransactWriteItems']);
    });

    it('may lose their answers: the client repeats them, and finds its own writes', async () => {
      const { store, client, runtime } = await storeOf(rig());
      const lost = loseAnswers(client, 'PutItem', 'UpdateItem');
      expect(await store.claim(claimOf('x', 'a', { policy: 'rerun' }))).toMatchObject({ attempt: 1, tookOver: false });
      expect(await store.release({ id: 'x', token: 'a', retentionMs: 60_000 })).toBe(true);
      expect(lost()).toBe(2);
      await store.claim(claimOf('x', 'b'));
      await runtime.advance(30_000);
      client.middlewareStack.remove('loseAnswers');
      const again = loseAnswers(client, 'PutItem', 'UpdateItem');
      const result = { kind: 'value', bytes: bytesOf('by hand') } as const;
      const resolution = { decision: 'respond', result, retentionMs: 60_000 } as const;
      expect(await store.resolve({ id: 'x', token: 'b', resolution })).toBe(true);
      await store.claim(claimOf('y', 'a'));
      expect(await store.complete(completionOf('y', 'a'))).toBe('completed');
      expect(again()).toBe(2);
      await store.claim(claimOf('z', 'a'));
      await store.abandon({ id: 'z', token: 'a', unresolvedRetentionMs: 1_000 });
      client.middlewareStack.remove('loseAnswers');
      const last = loseAnswers(client, 'DeleteItem');
      expect(await store.resolve({ id: 'z', token: 'a', resolution: { decision: 'forget' } })).toBe(true);
      expect(last()).toBe(1);
    });

    it('leave no middleware in the client after the store closed', async () => {
      const { store, client } = await storeOf(rig(), { clock: 'server' });
      const before = client.middlewareStack.identify().length;
      await store.close();
      expect(client.middlewareStack.identify().length).toBe(before - 1);
      await client.listTables();
    });
  });
}
