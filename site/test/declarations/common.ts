/** What the blocks of all pages take for granted: parts of an application, and names that the text introduces. */

import type { Server } from 'node:http';
import type { DatabaseSync as Database } from 'node:sqlite';
import type corsFactory from 'cors';
import type { Express } from 'express';
import type { Redis } from 'ioredis';
import type * as latchkey from 'latchkey';
import type * as clientEntry from 'latchkey/client';
import type { MariadbCallbackPool } from 'latchkey/mariadb';
import type { Decision, Operator } from 'latchkey/operator';
import type { PgPool } from 'latchkey/postgres';
import type { SqliteTransactions } from 'latchkey/sqlite';
import type { OperatorStore } from 'latchkey/store';
import type * as urlEntry from 'latchkey/store-from-url';
import type * as testingEntry from 'latchkey/testing';
import type { Pool as PostgresPool } from 'pg';
import type { Logger } from 'pino';

declare global {
  // The application.
  const store: OperatorStore<SqliteTransactions>;
  const accountOf: (request: unknown) => string | undefined;
  const mayOrder: (request: unknown) => boolean;
  const logger: Logger;
  const server: Server;
  const vault: { read(id: string | undefined): Promise<string> };
  const pool: PostgresPool;
  const secret: string;

  interface ApiKey {
    readonly id: string;
    readonly secret: string;
  }
  interface Cart {
    readonly id: string;
  }
  interface Order {
    readonly item: string;
  }
  interface PlacedOrder {
    readonly id: string;
    readonly mail: string;
    readonly parcels: readonly object[];
  }
  const cart: Cart;
  const reserveStock: (database: unknown, order: PlacedOrder) => { readonly left: number };
  const insertOrder: {
    (database: unknown, order: PlacedOrder): { readonly id: string };
    (form: FormData): Promise<string>;
  };
  const accountId: string;
  const order: PlacedOrder;
  const ship: (id: unknown) => Promise<{ readonly id: string }>;
  const chargeOf: (order: PlacedOrder) => string;
  const printLabel: (parcel: object) => Promise<string>;
  const bill: (order: PlacedOrder) => Promise<string>;
  const addPoints: (order: PlacedOrder) => Promise<number>;
  const payOrder: (order: { readonly id?: string | undefined }, context: unknown) => Promise<object>;

  // Systems that it calls.
  const provider: {
    charge(amount: number, options: { idempotencyKey: string }): Promise<{ id: string }>;
    find(search: { idempotencyKey: string }): Promise<{ id: string } | undefined>;
  };
  const carrier: { ship(body: unknown, idempotencyKey?: string): Promise<{ id: string }> };
  const mailer: { send(id: string, name: string, payload: Uint8Array, signal: AbortSignal): Promise<void> };
  const charge: { readonly id: string };
  const headers: Record<string, string>;
  const body: string;

  // The pages of a shop.
  const buyerWantsFormerOrder: () => Promise<boolean>;
  const askToSignInAndPayAgain: (response: Response) => void;
  const showThanks: (charge: unknown) => void;
  const showDeclined: (problem: unknown) => void;
  const showPayAgain: () => void;

  // Messages and webhooks.
  interface Message {
    readonly id: string;
    readonly body: object;
    ack(): void;
    deadLetter(reason: string): void;
  }
  const queue: { consume(consumer: (message: Message) => Promise<void>): void };
  interface PaymentEvent {
    readonly id: string;
    readonly data: { readonly orderId: string };
  }
  const unlockOrder: (id: string) => Promise<string>;
  const verifySignature: (body: Uint8Array, signature: unknown) => PaymentEvent | undefined;
  const verifyToken: (token: string) => Promise<{ readonly iss: string; readonly sub: string } | undefined>;

  // The library, where a page has imported it before.
  const EXPOSED_HEADERS: typeof latchkey.EXPOSED_HEADERS;
  const LatchkeyError: typeof latchkey.LatchkeyError;
  type LatchkeyError = latchkey.LatchkeyError;
  const idempotent: typeof latchkey.idempotent;
  const stepFetch: typeof clientEntry.stepFetch;
  const NoAnswerError: typeof clientEntry.NoAnswerError;
  const idempotentFetch: typeof clientEntry.idempotentFetch;
  const pay: clientEntry.IdempotentFetch;
  const storeFromUrl: typeof urlEntry.storeFromUrl;
  const { expectOnce, testStore, transactionalMemoryStore }: typeof testingEntry;
  const cors: typeof corsFactory;
  const people: Operator;
  const id: string;
  const token: string;
  const decision: Decision;
  const why: string;
  const client: Redis;
  const openapi: object;
  const host: string;
  const user: string;
  const password: string;
  const createApp: (parts: { store: unknown }) => Express;
  const request: { readonly path: string; readonly body: object };
  const DatabaseSync: typeof Database;
  const url: string;
  const adminPool: PgPool & MariadbCallbackPool;
  const region: string;
  /** The key of a request, and in another block a key for encryption. */
  const key: string & Uint8Array;
  const older: Uint8Array;
}
