import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { tableDefinition } from '../../../src/stores/dynamodb/index.ts';
import { type DynamodbServer, startDynamodb } from '../../servers/dynamodb-local.ts';

/** One server for the tests of a file, and a client that closes with it. */
export interface Rig {
  readonly server: DynamodbServer;
  readonly client: DynamoDB;
  /** Makes a table, and gives its name. */
  table(): Promise<string>;
}

/** Call at the top of a test file. */
export function useDynamodb(): () => Rig {
  let rig: Rig | undefined;
  let tables = 0;
  beforeAll(async () => {
    const server = await startDynamodb();
    const client = server.client();
    const table = async () => {
      tables += 1;
      const name = `table-${tables}`;
      await client.createTable(tableDefinition({ table: name }).create);
      return name;
    };
    rig = { server, client, table };
  }, 90_000);
  afterAll(async () => {
    rig?.client.destroy();
    await rig?.server.stop();
  });
  return () => {
    if (rig === undefined) throw new Error('The server has not been started.');
    return rig;
  };
}
