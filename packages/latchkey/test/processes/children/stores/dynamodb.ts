import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import type { Runtime } from '../../../../src/core/runtime.ts';
import type { AnyOperatorStore } from '../../../../src/core/store.ts';
import type { TransactItemOf } from '../../../../src/stores/dynamodb/index.ts';
import { dynamodbStore, type TransactionCollector } from '../../../../src/stores/dynamodb/index.ts';
import { clientOf } from '../../../servers/dynamodb-local.ts';
import type { OpenedStore } from '../opened-store.ts';

interface Settings {
  readonly port: number;
  readonly table: string;
  readonly effects: string;
}

export function openDynamodb({ port, table, effects }: Settings, runtime: Runtime): OpenedStore {
  const client = clientOf(port);
  return {
    store: dynamodbStore({ client, table, runtime }) as AnyOperatorStore,
    write: (handle, effect) => {
      const { add } = handle as TransactionCollector<TransactItemOf<DynamoDB>>;
      add({ Put: { TableName: effects, Item: { pk: { S: effect } } } });
    },
    waits: true,
  };
}
