import type { OperatorStore } from '../../core/store.ts';
import type { DynamodbClient, DynamodbTransactions } from '../dynamodb/index.ts';
import { driverMissing, type Opened, type StoreFromUrlOptions } from './opened.ts';
import { decoded, invalidUrl, parametersOf } from './store-url.ts';

const parameters = {
  endpoint: 'text',
  prefix: 'text',
  clock: ['server', 'own'],
  claimBy: ['write', 'read'],
  maxResultBytes: 'number',
  callTimeoutMs: 'number',
} as const;

/** `dynamodb://region/table?prefix=shop:`; without a region (`dynamodb:///table`), the SDK's default region is used. */
export async function openDynamodb(
  url: URL,
  { runtime }: StoreFromUrlOptions,
): Promise<Opened<OperatorStore<DynamodbTransactions<DynamodbClient>>>> {
  const { endpoint, ...settings } = parametersOf(url, parameters);
  const table = decoded(url.pathname.replace(/^\//, ''));
  if (table === '') throw invalidUrl('a DynamoDB URL is dynamodb://region/table, and this one names no table.');
  if (url.username !== '' || url.password !== '')
    throw invalidUrl('a DynamoDB URL holds no credentials; the AWS SDK finds them by itself.');
  const { DynamoDB } = await loadSdk(url);
  const { dynamodbStore } = await import('../dynamodb/index.ts');
  const client = new DynamoDB({
    ...(url.hostname !== '' && { region: url.hostname }),
    ...(endpoint !== undefined && { endpoint }),
  });
  return {
    store: dynamodbStore({ client, table, ...settings, ...(runtime && { runtime }) }),
    end: async () => client.destroy(),
  };
}

async function loadSdk(url: URL) {
  try {
    return await import('@aws-sdk/client-dynamodb');
  } catch (cause) {
    throw driverMissing('@aws-sdk/client-dynamodb', url, cause);
  }
}
