/**
 * The bridge to Prisma's client, on a driver adapter.
 *
 * @module
 */

import type { PostgresBridge } from './bridge.ts';

/** The members of a Prisma transaction client that are used. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: never[]): PromiseLike<unknown>;
}

/** The limits of Prisma's interactive transactions, in milliseconds. */
export interface PrismaTransactionOptions {
  /** Time limit for getting a connection. Default 2,000. */
  readonly maxWait?: number;
  /** Time limit of a transaction. Default 30,000. */
  readonly timeout?: number;
}

/** The members of a `PrismaClient` that are used. */
export interface PrismaDatabase<Tx extends PrismaTransaction> extends PrismaTransaction {
  $transaction(fn: (tx: Tx) => Promise<unknown>, options?: PrismaTransactionOptions): Promise<unknown>;
}

/**
 * Creates a bridge to a Prisma client (7 or newer). Handlers get the client of an interactive transaction:
 * `$transaction` on it nests as a savepoint. The database refuses an early commit and rolls everything back.
 *
 * @example
 * ```ts
 * const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) })
 * const store = postgresStore({ client: prismaBridge(prisma) })
 * ```
 */
export function prismaBridge<Tx extends PrismaTransaction>(
  prisma: PrismaDatabase<Tx>,
  options: PrismaTransactionOptions = {},
): PostgresBridge<Tx> {
  const { maxWait = 2_000, timeout = 30_000 } = options;
  return {
    begin: async <T>(fn: (tx: Tx) => Promise<T>) => {
      const boxed = await prisma.$transaction(async (tx) => ({ result: await fn(tx) }), { maxWait, timeout });
      return (boxed as { readonly result: T }).result;
    },
    query: async (tx, text, values) => {
      const rows = await (tx ?? prisma).$queryRawUnsafe(text, ...(values as never[]));
      return Array.isArray(rows) ? rows.map(Object) : [];
    },
  };
}
