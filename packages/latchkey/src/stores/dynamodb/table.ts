/**
 * The table: items by key, conditional writes, pages.
 *
 * @module
 */

import { text } from './attributes.ts';
import type { Condition, DynamodbClient, FoundItem, Item, PutInput } from './client.ts';
import type { Connection, Refused } from './connection.ts';

/** A condition and its values. Attributes appear in it as `#name`. */
export interface Guard {
  readonly condition: string;
  readonly values: Item;
}

/** A change of some attributes under a condition. */
export interface Change extends Guard {
  readonly update: string;
  /** Whether to return the changed item. */
  readonly echo?: boolean;
}

/** One table and a prefix of the keys in it. */
export class Table {
  readonly #client: DynamodbClient;
  readonly #connection: Connection;
  readonly #name: string;
  readonly #prefix: string;

  constructor(client: DynamodbClient, connection: Connection, name: string, prefix: string) {
    this.#client = client;
    this.#connection = connection;
    this.#name = name;
    this.#prefix = prefix;
  }

  /** The prefix of all records' keys. */
  get recordPrefix(): string {
    return `${this.#prefix}r#`;
  }

  /** The key of a record. */
  recordKey(id: string): string {
    return this.recordPrefix + id;
  }

  /** The key of one part of a value; the id's length keeps ids and tokens apart. */
  partKey(id: string, token: string, digest: string, index: number): string {
    return `${this.#prefix}p#${id.length}#${id}#${token}#${digest}#${index}`;
  }

  /** Reads the current item. */
  async get(key: string): Promise<FoundItem | undefined> {
    const input = { ...this.#at(key), ConsistentRead: true } as const;
    return (await this.#connection.make((options) => this.#client.getItem(input, options))).Item;
  }

  /** Writes an item unconditionally. */
  async put(item: Item): Promise<void> {
    await this.#connection.make((options) => this.#client.putItem({ TableName: this.#name, Item: item }, options));
  }

  /** Writes an item if the guard holds. */
  async putIf(item: Item, guard: Guard): Promise<Refused | undefined> {
    const input = this.putInput(item, guard);
    const written = await this.#connection.write((options) => this.#client.putItem(input, options));
    return 'done' in written ? undefined : written;
  }

  /** The client's input for a guarded write of an item. */
  putInput(item: Item, guard: Guard): PutInput {
    return { TableName: this.#name, Item: item, ...conditionOf(guard) };
  }

  /** Changes an item if the guard holds; returns the changed item if `echo` is set. */
  async update(key: string, change: Change): Promise<{ readonly done: FoundItem } | Refused> {
    const input = {
      ...this.#at(key),
      ...conditionOf(change, change.update),
      UpdateExpression: change.update,
      ...(change.echo && { ReturnValues: 'ALL_NEW' as const }),
    };
    const written = await this.#connection.write((options) => this.#client.updateItem(input, options));
    return 'done' in written ? { done: written.done.Attributes ?? {} } : written;
  }

  /** Removes an item unconditionally. */
  async remove(key: string): Promise<void> {
    await this.#connection.make((options) => this.#client.deleteItem(this.#at(key), options));
  }

  /** Removes an item if the guard holds. */
  async removeIf(key: string, guard: Guard): Promise<Refused | undefined> {
    const input = { ...this.#at(key), ...conditionOf(guard) };
    const written = await this.#connection.write((options) => this.#client.deleteItem(input, options));
    return 'done' in written ? undefined : written;
  }

  /** The items that pass the filter, in pages after the key `from`; each page has the start of the next one. */
  async *scan(filter: Guard, from?: string): AsyncGenerator<{ readonly items: FoundItem[]; readonly next?: Item }> {
    let start: Item | undefined = from === undefined ? undefined : { pk: text(from) };
    do {
      const input = this.#scanInput(filter, start);
      const page = await this.#connection.make((options) => this.#client.scan(input, options));
      start = page.LastEvaluatedKey && lastKey(page.LastEvaluatedKey);
      yield { items: page.Items ?? [], ...(start !== undefined && { next: start }) };
    } while (start !== undefined);
  }

  #scanInput(filter: Guard, start: Item | undefined) {
    return {
      TableName: this.#name,
      ConsistentRead: true,
      FilterExpression: filter.condition,
      ...placeholders(filter, filter.condition),
      ...(start !== undefined && { ExclusiveStartKey: start }),
    } as const;
  }

  #at(key: string) {
    return { TableName: this.#name, Key: { pk: text(key) } };
  }
}

function conditionOf(guard: Guard, update = ''): Condition {
  return {
    ConditionExpression: guard.condition,
    ...placeholders(guard, guard.condition + update),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}

/** Many short names are reserved words, so every name gets a placeholder. */
function placeholders({ values }: Guard, expression: string) {
  const names = [...expression.matchAll(/#(\w+)/g)].map(([placeholder, name]) => [placeholder, name ?? ''] as const);
  return { ExpressionAttributeNames: Object.fromEntries(names), ExpressionAttributeValues: values };
}

function lastKey(found: FoundItem): Item {
  return { pk: text(String(Reflect.get(Object(found['pk']), 'S'))) };
}

/**
 * The inputs of `CreateTable` and `UpdateTimeToLive`. The store itself never creates or changes a table.
 *
 * A program that uses the store needs `dynamodb:GetItem`, `PutItem`, `UpdateItem`, `DeleteItem` and `Scan` on the
 * table, and the permissions for the writes of its own transactions.
 *
 * @param options - `table` is the name of the table.
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
