import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { idempotent } from '../../src/function/idempotent.ts';
import { type SqliteTransactions, sqliteStore } from '../../src/stores/sqlite/index.ts';
import { isSelected } from '../servers/selected.ts';
import { type PgTx, pgClient } from '../stores/postgres/clients.ts';
import { type TestDatabase, testDatabase } from '../stores/postgres/database.ts';

type Kind = SqliteTransactions<DatabaseSync>;

let folder: string;
let database: DatabaseSync;
let store: ReturnType<typeof open>;

const open = () => sqliteStore({ database });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-enqueue-'));
  database = new DatabaseSync(join(folder, 'shop.db'));
  store = open();
});

afterEach(async () => {
  await store.close();
  database.close();
  rmSync(folder, { recursive: true });
});

const decoder = new TextDecoder();

async function messages(): Promise<Record<string, string>> {
  const taken = (await store.outbox?.take({ limit: 100, leaseMs: 1_000, maxAttempts: 10 }))?.messages;
  return Object.fromEntries((taken ?? []).map(({ name, payload }) => [name, decoder.decode(payload)]));
}

/** Runs one operation that tries `body` in a transaction, twice if it fails. */
async function run(body: (db: DatabaseSync, context: Context<Kind, unknown, unknown>) => unknown) {
  const errors: unknown[] = [];
  const place = idempotent<string, unknown, Kind>(
    async (_id, context) => {
      await context.transaction('write', (db) => void body(db, context)).catch((error: unknown) => errors.push(error));
      return 'done';
    },
    { store, name: 'place', key: (id) => id, afterFailure: 'rerun' },
  );
  await place('o1');
  return errors;
}

describe('context.enqueue on SQLite', () => {
  it('adds a message with the commit: JSON as text, bytes unchanged', async () => {
    const errors = await run((db, context) => {
      context.enqueue(db, 'receipt', { to: 'customer', lines: [1, 2] });
      context.enqueue(db, 'parcel', new TextEncoder().encode('bytes'));
    });
    expect(errors).toEqual([]);
    expect(await messages()).toEqual({ receipt: '{"to":"customer","lines":[1,2]}', parcel: 'bytes' });
  });

  it('adds nothing if the transaction fails', async () => {
    const errors = await run((db, context) => {
      context.enqueue(db, 'receipt', 1);
      throw new Error('no stock');
    });
    expect(errors).toMatchObject([{ message: 'no stock' }]);
    expect(await messages()).toEqual({});
  });

  it('works in finish, whose answer, effect and message are one commit', async () => {
    const place = idempotent<string, unknown, Kind>(
      (id, context) =>
        context.finish((db) => {
          context.enqueue(db, 'receipt', id);
          return { placed: id };
        }),
      { store, name: 'place', key: (id) => id },
    );
    expect(await place('o1')).toEqual({ placed: 'o1' });
    expect(await place('o1')).toEqual({ placed: 'o1' });
    expect(await messages()).toEqual({ receipt: '"o1"' });
  });

  for (const [what, code, enqueue] of [
    ['a name that is used twice', 'message-name-reused', ['twice', 'twice']],
    ['an empty name', 'step-name-invalid', ['']],
  ] as const) {
    it(`rolls back at ${what}`, async () => {
      const errors = await run((db, context) => {
        for (const name of enqueue) context.enqueue(db, name, 1);
      });
      expect(errors).toMatchObject([{ code }]);
      expect(await messages()).toEqual({});
    });
  }

  it('refuses a payload that is too long or not a JSON value', async () => {
    const tooLong = await run((db, context) => context.enqueue(db, 'long', 'x'.repeat(300_000)));
    expect(tooLong).toMatchObject([{ code: 'message-too-large' }]);
    const place = idempotent<string, unknown, Kind>(
      (_id, context) => context.transaction('write', (db) => void context.enqueue(db, 'none', undefined)),
      { store, name: 'place nothing', key: (id) => id },
    );
    await expect(place('o2')).rejects.toMatchObject({ code: 'value-invalid' });
  });
});

describe.runIf(isSelected('postgres'))('context.enqueue on PostgreSQL', () => {
  let server: TestDatabase;

  beforeAll(async () => {
    server = await testDatabase();
  });

  afterAll(() => server.stop());

  it('waits for the message to be written in the transaction', async () => {
    const client = pgClient(server.server.url);
    const shop = client.store({});
    const place = idempotent(
      (id: string, context: Context<{ handle: PgTx; mode: 'async' }, unknown, unknown>) =>
        context.finish(async (tx) => {
          await context.enqueue(tx, 'receipt', { id });
          return id;
        }),
      { store: shop, name: 'place', key: (id) => id },
    );
    expect(await place('o1')).toBe('o1');
    const [message] = (await shop.outbox?.take({ limit: 10, leaseMs: 1_000, maxAttempts: 10 }))?.messages ?? [];
    expect(message).toMatchObject({ operation: 'place', name: 'receipt', attempts: 1 });
    expect(decoder.decode(message?.payload)).toBe('{"id":"o1"}');
    await shop.close();
    await client.close();
  });
});
