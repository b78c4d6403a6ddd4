import { type DynamoDB, paginateScan, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../../src/stores/dynamodb/index.ts';
import { startDynamodb } from '../../servers/dynamodb-local.ts';
import { startTcpProxy } from '../../servers/tcp-proxy.ts';
import type { Backend } from './backend.ts';
import { runFolder } from './folder.ts';

const [table, effectsTable] = ['records', 'effects'];

async function keysOf(client: DynamoDB, input: Omit<ScanCommandInput, 'ConsistentRead'>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { ...input, ConsistentRead: true }))
    keys.push(...Items.map((item) => item['pk']?.S ?? ''));
  return keys;
}

async function stepClock(client: DynamoDB, ms: number): Promise<void> {
  const held = await keysOf(client, { TableName: table, FilterExpression: 'attribute_exists(le)' });
  for (const key of held) {
    const update = client.updateItem({
      TableName: table,
      Key: { pk: { S: key } },
      UpdateExpression: 'SET le = le - :ms',
      ConditionExpression: 'attribute_exists(le)',
      ExpressionAttributeValues: { ':ms': { N: String(ms) } },
    });
    // It may have been completed since.
    await update.catch(() => undefined);
  }
}

export async function dynamodbBackend(): Promise<Backend> {
  const [folder, server] = await Promise.all([runFolder(), startDynamodb()]);
  const client = server.client();
  for (const name of [table, effectsTable]) await client.createTable(tableDefinition({ table: name }).create);
  const proxy = await startTcpProxy(server.port);
  return {
    name: 'dynamodb',
    settings: () => ({ kind: 'dynamodb', port: proxy.port, table, effects: effectsTable }),
    ownClock: true,
    hasTransactions: true,
    proxy,
    stepClock: (ms) => stepClock(client, ms),
    effects: () => keysOf(client, { TableName: effectsTable }),
    path: folder.path,
    stop: async () => {
      client.destroy();
      await proxy.stop();
      await server.stop();
      await folder.remove();
    },
  };
}
