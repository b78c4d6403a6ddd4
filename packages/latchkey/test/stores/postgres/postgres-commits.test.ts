import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import {
  type PostgresBridge,
  type PostgresTransactions,
  pgBridge,
  postgresJsBridge,
  postgresStore,
} from '../../../src/stores/postgres/index.ts';
import { patience } from '../../servers/patience.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf } from '../requests.ts';
import { pgClient, postgresJsClient, type WriteEffect } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;

const lost = new Error('the connection broke');
const step = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;
const result = { kind: 'value', bytes: bytesOf('done') } as const;
const final = { kind: 'result', result, tombstone: bytesOf(''), retentionMs: 60_000 } as const;

/** The ways in which a commit's reply may be lost. */
type Loss = 'after the commit' | 'before the commit' | 'with the server';

/** A bridge whose connection breaks at the commit. */
function losing<Tx>(bridge: PostgresBridge<Tx>, loss: Loss): PostgresBridge<Tx> {
  let gone = false;
  return {
    begin: async <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => {
      if (loss === 'before the commit')
        return bridge.begin(async (tx) => {
          await fn(tx);
          throw lost;
        });
      await bridge.begin(fn);
      gone = loss === 'with the server';
      throw lost;
    },
    query: (tx, text, values) => (gone ? Promise.reject(lost) : bridge.query(tx, text, values)),
  };
}

function commitTests<Tx>(
  open: () => { bridge: PostgresBridge<Tx>; write: WriteEffect<Tx>; close(): Promise<void> },
): void {
  let made: ReturnType<typeof open>;

  beforeAll(() => {
    made = open();
  });

  afterAll(() => made.close());

  const transact = async (bridge: PostgresBridge<Tx>, write: Transacted<unknown>['write'], leaseMs = 30_000) => {
    const store: OperatorStore<PostgresTransactions<Tx>> = postgresStore<PostgresBridge<Tx>>({
      client: bridge,
      sweep: false,
    });
    await store.claim(claimOf('x', 'a'));
    const request = { id: 'x', token: 'a', leaseMs, unresolvedRetentionMs: 60_000 };
    return store.transaction?.(request, async (tx) => {
      await made.write(tx, 'effect');
      return { value: 'value', write };
    });
  };

  for (const write of [step, final]) {
    it(`whose reply was lost is known to have happened (${write.kind})`, async () => {
      const outcome = await transact(losing(made.bridge, 'after the commit'), write);
      expect(outcome).toEqual({ outcome: 'committed', value: 'value' });
      expect(await database.effects()).toEqual(['effect']);
    });

    it(`that never happened is reported so (${write.kind})`, async () => {
      await expect(transact(losing(made.bridge, 'before the commit'), write)).rejects.toThrow(/was rolled back/);
      expect(await database.effects()).toEqual([]);
    });
  }

  it('whose outcome can’t be determined is reported as unknown', async () => {
    const unknown = transact(losing(made.bridge, 'with the server'), step, 500);
    await expect(unknown).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(unknown).rejects.toThrow(/could not be found out/);
  });

  it('by a worker whose session the server ended for another worker does not happen', async () => {
    const store: OperatorStore<PostgresTransactions<Tx>> = postgresStore<PostgresBridge<Tx>>({
      client: made.bridge,
      sweep: false,
    });
    await store.claim(claimOf('x', 'a', { policy: 'rerun', leaseMs: patience(300) }));
    const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
    let takenOver = Promise.resolve();
    const zombie = store.transaction?.(request, async (tx) => {
      await made.write(tx, 'zombie');
      await endSessions();
      const retry = () => store.claim(claimOf('x', 'b', { takeover: 'rerun' }));
      takenOver = expect.poll(async () => (await retry()).outcome, { timeout: patience(10_000) }).toBe('claimed');
      await takenOver;
      return { value: 1, write: step };
    });
    await expect(zombie).rejects.toMatchObject({ code: 'store-unavailable' });
    // postgres.js rejects as soon as the connection is lost, while the function still runs.
    await takenOver;
    expect(await database.effects()).toEqual([]);
    expect(await store.read('x')).toMatchObject({ token: 'b', state: 'running' });
    await store.close();
  });

  it('after its lease is refused, and its record is free for others', async () => {
    const store: OperatorStore<PostgresTransactions<Tx>> = postgresStore<PostgresBridge<Tx>>({
      client: made.bridge,
      sweep: false,
    });
    await store.claim(claimOf('x', 'a', { policy: 'rerun', leaseMs: patience(500) }));
    const request = { id: 'x', token: 'a', leaseMs: patience(200), unresolvedRetentionMs: 60_000 };
    let proceed = () => {};
    const hung = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    const late = store.transaction?.(request, async (tx) => {
      await made.write(tx, 'late');
      await hung;
      return { value: 1, write: step };
    });
    await expect(late).rejects.toMatchObject({ code: 'lease-lost' });
    proceed();
    const retry = () => store.claim(claimOf('x', 'b', { takeover: 'rerun' }));
    await expect.poll(async () => (await retry()).outcome, { timeout: patience(10_000) }).toBe('claimed');
    expect(await database.effects()).toEqual([]);
    await store.close();
  });
}

/** As an administrator does, or idle_in_transaction_session_timeout. */
async function endSessions(): Promise<void> {
  const open = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
  await database.admin.query(open);
}

describe.runIf(isSelected('postgres'))('a commit of a PostgreSQL store', () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  beforeEach(() => database.clear());

  describe('on pg', () => {
    commitTests(() => {
      const client = pgClient(database.server.url);
      return { bridge: pgBridge(client.pool), write: client.write, close: client.close };
    });
  });

  describe('on postgres.js', () => {
    commitTests(() => {
      const client = postgresJsClient(database.server.url);
      return { bridge: postgresJsBridge(client.sql), write: client.write, close: client.close };
    });
  });
});
