/** A store is restored from a backup, and the guard of a node:http server has its `restored` option set. */

import { copyFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/node.ts';
import { idempotentFetch } from '../../src/client/idempotent-fetch.ts';
import type { NoAnswerError } from '../../src/client/no-answer-error.ts';
import { NothingHappenedError } from '../../src/core/errors.ts';
import { systemRuntime } from '../../src/core/runtime.ts';
import type { Store } from '../../src/core/store.ts';
import { timedUuid } from '../../src/core/support/operation-age.ts';
import type { Restored } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { mapStorage } from '../client/client-kit.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { serve } from './apps/harness.ts';

interface Backup {
  /** The store restored from the backup. */
  restore(): Promise<Store>;
}

interface Origin {
  readonly store: Store;
  backUp(): Promise<Backup>;
}

/** A memory store can only be restored to an empty one. */
async function memoryOrigin(): Promise<Origin> {
  return { store: memoryStore(), backUp: async () => ({ restore: async () => memoryStore() }) };
}

async function sqliteOrigin(): Promise<Origin> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  const open = (name: string) => {
    const database = new DatabaseSync(folder.path(name));
    onTestFinished(() => database.close());
    return { database, store: sqliteStore({ database }) };
  };
  const { database, store } = open('live.db');
  const backUp = async () => {
    database.prepare('VACUUM INTO ?').run(folder.path('backup.db'));
    const restore = async () => {
      await copyFile(folder.path('backup.db'), folder.path('restored.db'));
      return open('restored.db').store as unknown as Store;
    };
    return { restore };
  };
  return { store: store as unknown as Store, backUp };
}

function serverOf(runs: string[]) {
  return (store: Store, restored?: Restored) => {
    const guard = idempotency({ store, principal: () => 'tenant', ...(restored && { restored }) });
    return serve(
      guard.wrap((request, response) => {
        runs.push(request.url ?? '');
        response.end(`run ${runs.length}`);
      }),
    );
  };
}

const minute = 60_000;
/** A key whose time is this many minutes from now. */
const keyAt = (minutes: number) => timedUuid(crypto.randomUUID(), Date.now() + minutes * minute);

async function send(origin: string, key: string, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body: 'amount=1', headers: { 'Idempotency-Key': key, ...headers } };
  const response = await fetch(`${origin}/pay`, init);
  return {
    status: response.status,
    replayed: response.headers.get('idempotent-replayed'),
    text: await response.text(),
  };
}

describe.each([
  ['memory', memoryOrigin],
  ['SQLite', sqliteOrigin],
])('after a restore of %s', (name, makeOrigin) => {
  it('an operation carried out after the backup is refused, a new one runs', async () => {
    const runs: string[] = [];
    const serveWith = serverOf(runs);
    const { store, backUp } = await makeOrigin();
    const [kept, lost] = [keyAt(-9), keyAt(-5)];
    const live = await serveWith(store);
    await send(live, kept);
    const backup = await backUp();
    await send(live, lost);
    const restored = await serveWith(await backup.restore(), { at: new Date() });

    const again = await send(restored, lost);
    expect([again.status, JSON.parse(again.text)]).toMatchObject([409, { code: 'key-quarantined' }]);
    expect(runs).toHaveLength(2);
    if (name === 'SQLite') {
      expect(await send(restored, kept)).toEqual({ status: 200, replayed: 'true', text: 'run 1' });
    }
    expect(await send(restored, keyAt(1))).toMatchObject({ status: 200, text: 'run 3' });
    const header = { 'Repeatability-First-Sent': new Date(Date.now() - minute).toUTCString() };
    expect(await send(restored, crypto.randomUUID(), header)).toMatchObject({ status: 409 });
    expect(runs).toHaveLength(3);
  });

  it.each(['run', 'refuse'] as const)("keys of unknown age follow unknownKeys: '%s'", async (unknownKeys) => {
    const runs: string[] = [];
    const serveWith = serverOf(runs);
    const { store, backUp } = await makeOrigin();
    const key = crypto.randomUUID();
    const live = await serveWith(store);
    const backup = await backUp();
    await send(live, key);
    const restored = await serveWith(await backup.restore(), { at: new Date(), unknownKeys });
    expect((await send(restored, key)).status).toBe(unknownKeys === 'run' ? 200 : 409);
    expect(runs).toHaveLength(unknownKeys === 'run' ? 2 : 1);
  });

  it("the client's call is refused, not retried, and its key is kept", async () => {
    const runs: string[] = [];
    const serveWith = serverOf(runs);
    const { store, backUp } = await makeOrigin();
    const live = await serveWith(store);
    const backup = await backUp();
    const storage = mapStorage();
    const halfDeaf = idempotentFetch({
      storage,
      sendFirstSent: true,
      maxAttempts: 1,
      fetch: async (...call) => {
        await fetch(...call);
        throw new TypeError('the answer was lost');
      },
    });
    const pay = { method: 'POST', body: 'amount=1', operation: 'checkout' };
    await expect(halfDeaf(`${live}/pay`, pay)).rejects.toMatchObject({ code: 'retries-exhausted' });
    const restored = await serveWith(await backup.restore(), { at: Date.now() + minute, unknownKeys: 'run' });
    const later = idempotentFetch({ storage, sendFirstSent: true });
    const error = await later(`${restored}/pay`, pay).catch((thrown: unknown) => thrown as NoAnswerError);
    expect(error).toMatchObject({ code: 'key-quarantined', attempts: 1 });
    expect(await later.isPending('checkout')).toBe(true);
    expect(runs).toHaveLength(1);
  });
});

it('an operation open in the backup and carried out after it is refused', async () => {
  const runs: string[] = [];
  const serveWith = serverOf(runs);
  const { store, backUp } = await sqliteOrigin();
  const key = keyAt(-5);
  const flaky = await serve(
    idempotency({ store, principal: () => 'tenant' }).wrap(() => {
      throw new NothingHappenedError();
    }),
  );
  await send(flaky, key);
  const backup = await backUp();
  expect(await send(await serveWith(store), key)).toMatchObject({ status: 200, text: 'run 1' });
  const restored = await serveWith(await backup.restore(), { at: new Date() });
  const again = await send(restored, key);
  expect([again.status, JSON.parse(again.text)]).toMatchObject([409, { code: 'key-quarantined' }]);
  expect(runs).toHaveLength(1);
});

it('a client sends the time at which its key was created, the same after a reload', async () => {
  const seen: (string | undefined)[] = [];
  const origin = await serve((request, response) => {
    seen.push(request.headers['repeatability-first-sent'] as string | undefined);
    response.statusCode = seen.length < 3 ? 401 : 200;
    response.end();
  });
  const storage = mapStorage();
  let now = Date.UTC(2026, 10, 24, 12);
  const runtime = { ...systemRuntime, clock: { ...systemRuntime.clock, now: () => now } };
  const pay = { method: 'POST', operation: 'checkout' };
  await idempotentFetch({ storage, runtime, sendFirstSent: true })(origin, pay);
  now += minute;
  await idempotentFetch({ storage, runtime, sendFirstSent: true })(origin, pay);
  await idempotentFetch({ storage, runtime })(origin, pay);
  expect(seen).toEqual(['Tue, 24 Nov 2026 12:00:00 GMT', 'Tue, 24 Nov 2026 12:00:00 GMT', undefined]);
});
