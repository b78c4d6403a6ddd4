import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import { describe, it } from 'vitest';
import { type DynamodbTransactions, dynamodbStore } from '../../../src/stores/dynamodb/index.ts';
import { type StoreSetup, type StoreUnderTest, storeSuite } from '../../../src/testing/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { freshRuntime, type Rig, useDynamodb } from './rig.ts';

type Kind = DynamodbTransactions<DynamoDB>;

async function create(rig: Rig, setup: StoreSetup, claimBy: 'write' | 'read'): Promise<StoreUnderTest<Kind>> {
  const { client } = rig;
  const [table, effects] = [await rig.table(), await rig.table()];
  const runtime = freshRuntime();
  const { maxResultBytes } = setup;
  let sequence = 0;
  return {
    store: dynamodbStore({ client, table, runtime, maxResultBytes, claimBy, clock: 'own' }),
    advance: runtime.advance,
    transactions: {
      write: (handle, effect) => {
        sequence += 1;
        const Item = { pk: { S: `${sequence}` }, effect: { S: effect } };
        handle.add({ Put: { TableName: effects, Item } });
      },
      written: async () => {
        const { Items = [] } = await client.scan({ TableName: effects, ConsistentRead: true });
        return Items.map((item) => item['effect']?.S ?? '');
      },
    },
  };
}

describe.runIf(isSelected('dynamodb'))('dynamodb store', () => {
  const rig = useDynamodb();
  for (const claimBy of ['write', 'read'] as const) {
    describe(`claiming by ${claimBy}`, () => {
      const make = (setup: StoreSetup) => create(rig(), setup, claimBy);
      storeSuite<Kind>({ describe, it, capabilities: ['operator', 'transaction'], create: make });
    });
  }
});
