/**
 * The table that the store needs, for the user's own tool to create.
 *
 * @module
 */

/**
 * The inputs of `CreateTable` and `UpdateTimeToLive`. The store itself never creates or changes a table.
 *
 * A program that uses the store needs `dynamodb:GetItem`, `PutItem`, `UpdateItem`, `DeleteItem` and `Scan` on the
 * table, and what its own transactions write.
 *
 * @param options.table - the name of the table.
 * @example
 * ```ts
 * const { create, timeToLive } = tableDefinition({ table: 'latchkey' })
 * await client.createTable(create)
 * await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName: 'latchkey' })
 * await client.updateTimeToLive(timeToLive)
 * ```
 */
export function tableDefinition({ table }: { readonly table: string }) {
  return {
    create: {
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST' as const,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
    },
    timeToLive: {
      TableName: table,
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  };
}
