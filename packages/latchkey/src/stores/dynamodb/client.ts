/**
 * The methods of the AWS SDK's client that the store calls.
 *
 * @module
 */

/** An attribute's value, of the types that the store writes. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array }
  | { readonly BOOL: boolean }
  | { readonly L: AttributeValue[] }
  | { readonly M: Record<string, AttributeValue> };

/** An item that the store writes. */
export type Item = Record<string, AttributeValue>;

/** An item that was read and is not checked yet. */
export type FoundItem = Readonly<Record<string, unknown>>;

/** A condition and the names and values in it. */
export interface Condition {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD';
}

/** A write of the whole item. */
export interface PutInput extends Condition {
  readonly TableName: string;
  readonly Item: Item;
}

/** A removal. */
export interface DeleteInput extends Condition {
  readonly TableName: string;
  readonly Key: Item;
}

/** A change of some attributes. */
export interface UpdateInput extends DeleteInput {
  readonly UpdateExpression: string;
  readonly ReturnValues?: 'ALL_NEW';
}

/** A page of the table. */
export interface ScanInput extends Omit<Condition, 'ConditionExpression' | 'ReturnValuesOnConditionCheckFailure'> {
  readonly TableName: string;
  readonly ConsistentRead: true;
  readonly FilterExpression: string;
  readonly ExclusiveStartKey?: Item;
}

/** The options of every call. */
export interface CallOptions {
  readonly abortSignal: AbortSignal;
}

/** The step of the client's middleware in which answers are raw, so that their headers can be read. */
export type AnswerHandler = (args: never) => Promise<{ readonly response: unknown }>;

/**
 * The user's client: `new DynamoDB(…)` of `@aws-sdk/client-dynamodb`, which has a method for each operation. A bare
 * `DynamoDBClient` only has `send`, whose commands would have to be imported from the SDK.
 */
export interface DynamodbClient {
  getItem(
    input: { readonly TableName: string; readonly Key: Item; readonly ConsistentRead: true },
    options: CallOptions,
  ): Promise<{ readonly Item?: FoundItem | undefined }>;
  putItem(input: PutInput, options: CallOptions): Promise<unknown>;
  updateItem(input: UpdateInput, options: CallOptions): Promise<{ readonly Attributes?: FoundItem | undefined }>;
  deleteItem(input: DeleteInput, options: CallOptions): Promise<unknown>;
  scan(
    input: ScanInput,
    options: CallOptions,
  ): Promise<{ readonly Items?: FoundItem[] | undefined; readonly LastEvaluatedKey?: FoundItem | undefined }>;
  transactWriteItems(
    input: { TransactItems: ({ Put?: PutInput } | object)[]; ClientRequestToken: string },
    options: CallOptions,
  ): Promise<unknown>;
  readonly middlewareStack: {
    add(
      middleware: (next: AnswerHandler) => AnswerHandler,
      options: { readonly step: 'deserialize'; readonly priority: 'low'; readonly name: string },
    ): void;
    remove(name: string): boolean;
  };
}

/** One write of a transaction, by the client's own types: `{ Put }`, `{ Update }`, `{ Delete }`, `{ ConditionCheck }`. */
export type TransactItemOf<Client extends DynamodbClient> = NonNullable<
  Parameters<Client['transactWriteItems']>[0]['TransactItems']
>[number];
