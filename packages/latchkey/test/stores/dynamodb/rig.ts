import { type AttributeValue, type DynamoDB, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest';
import { type DynamodbStoreOptions, dynamodbStore, tableDefinition } from '../../../src/stores/dynamodb/index.ts';
import { type ManualRuntime, manualRuntime } from '../../../src/testing/index.ts';
import { type DynamodbServer, startDynamodb } from '../../servers/dynamodb-local.ts';

/** One server for the tests of a file, and a client that closes with it. */
export interface Rig {
  readonly server: DynamodbServer;
  readonly client: DynamoDB;
  /** Creates a table, and returns its name. */
  table(): Promise<string>;
}

/** Call at the top of the tests that share a server. */
export function useDynamodb(): () => Rig {
  let rig: Rig | undefined;
  let tables = 0;
  // Java starts slowly, especially on a busy machine.
  vi.setConfig({ testTimeout: 120_000 });
  beforeAll(async () => {
    const server = await startDynamodb();
    const client = server.client();
    const table = async () => {
      tables += 1;
      const name = `table-${tables}`;
      await client.createTable(tableDefinition({ table: name }).create);
      return name;
    };
    await table();
    rig = { server, client, table };
  }, 120_000);
  afterAll(async () => {
    rig?.client.destroy();
    await rig?.server.stop();
  });
  return () => {
    if (rig === undefined) throw new Error('The server has not been started.');
    return rig;
  };
}

/** The server remembers the tokens of transactions, which a manual runtime makes from its seed. */
let seed = 0;

/** A runtime with unique tokens. */
export function freshRuntime(): ManualRuntime {
  seed += 1;
  return manualRuntime(seed);
}

/** A store on a new table, with a clock that the test moves. */
export async function storeOf(rig: Rig, options: Partial<DynamodbStoreOptions<DynamoDB>> = {}) {
  const { client } = rig;
  const table = await rig.table();
  const runtime = freshRuntime();
  const store = dynamodbStore({ client, table, runtime, clock: 'own', ...options });
  const item = async (key: string) =>
    (await client.getItem({ TableName: table, Key: { pk: { S: key } }, ConsistentRead: true })).Item;
  const items = async () => {
    const found: Record<string, AttributeValue>[] = [];
    const pages = paginateScan({ client }, { TableName: table, ConsistentRead: true });
    for await (const { Items = [] } of pages) found.push(...Items);
    return found;
  };
  return { client, table, runtime, store, item, items };
}

/** The names of the client's calls while `work` runs. */
export async function callsOf(client: DynamoDB, work: () => Promise<unknown>): Promise<readonly string[]> {
  const calls: string[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        calls.push(String(commandName).replace('Command', ''));
        return next(args);
      },
    { step: 'initialize', name: 'countCalls' },
  );
  await work().finally(() => client.middlewareStack.remove('countCalls'));
  return calls;
}

/** Drops the first answer to each of these calls; returns the number of dropped answers. */
export function loseAnswers(client: DynamoDB, ...commands: readonly string[]): () => number {
  const lost = new Set<string>();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const answer = await next(args);
        const command = String(commandName).replace('Command', '');
        if (!commands.includes(command) || lost.has(command)) return answer;
        lost.add(command);
        throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      },
    { step: 'deserialize', name: 'loseAnswers', priority: 'high' },
  );
  onTestFinished(() => void client.middlewareStack.remove('loseAnswers'));
  return () => lost.size;
}
