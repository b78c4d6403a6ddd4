import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import { describe, it } from 'vitest';
import { type DynamodbTransactions, dynamodbStore } from '../../../src/stores/dynamodb/index.ts';
import type { SuiteStore } from '../../../src/testing/index.ts';
import { onEveryAdapter } from '../../adapters/apps/every-adapter.ts';
import { isSelected } from '../../servers/selected.ts';
import { type Rig, useDynamodb } from './rig.ts';

type Kind = DynamodbTransactions<DynamoDB>;

async function createStore({ client, table: newTable }: Rig): Promise<SuiteStore<Kind>> {
  const [table, effects] = [await newTable(), await newTable()];
  return {
    store: dynamodbStore({ client, table, clock: 'own' }),
    transactions: {
      write: (handle, text) => {
        handle.add({ Put: { TableName: effects, Item: { pk: { S: crypto.randomUUID() }, text: { S: text } } } });
      },
      written: async () => {
        const { Items = [] } = await client.scan({ TableName: effects, ConsistentRead: true });
        return Items.map((item) => item['text']?.S ?? '');
      },
    },
  };
}

describe.runIf(isSelected('dynamodb'))('@aws-sdk/client-dynamodb', () => {
  const rig = useDynamodb();
  onEveryAdapter<Kind>('dynamodb', {
    describe,
    it: it.concurrent,
    createStore: () => createStore(rig()),
    transactions: true,
  });
});
