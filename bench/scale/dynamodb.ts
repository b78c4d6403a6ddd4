import { dynamodbStore, tableDefinition } from 'latchkey/dynamodb';
import { startDynamodb } from '../../packages/latchkey/test/servers/dynamodb-local.ts';
import { idOf, makeRecord, type Scaled, template } from './scaled.ts';

/** The maximum number of items per call, and the number of concurrent calls. */
const batch = 25;
const calls = 8;
const table = 'latchkey';

export async function scaledDynamodb(): Promise<Scaled> {
  const server = await startDynamodb(8_192);
  const client = server.client();
  await client.createTable(tableDefinition({ table }).create);
  const store = dynamodbStore({ client, table });
  await makeRecord(store, template);
  const pk = (number: number) => ({ S: `r#${idOf(number)}` });
  const { Item } = await client.getItem({ TableName: table, Key: { pk: pk(template) } });
  if (Item === undefined) throw new Error('The template is not there.');
  const put = (number: number) => ({ PutRequest: { Item: { ...Item, pk: pk(number) } } });
  return {
    store,
    fill: async (from, to) => {
      let next = from;
      const filler = async () => {
        for (let start = next; start < to; start = next) {
          next += batch;
          const numbers = Array.from({ length: Math.min(batch, to - start) }, (_, index) => start + index);
          await client.batchWriteItem({ RequestItems: { [table]: numbers.map(put) } });
        }
      };
      await Promise.all(Array.from({ length: calls }, filler));
    },
    stop: async () => {
      await store.close();
      client.destroy();
      await server.stop();
    },
  };
}
