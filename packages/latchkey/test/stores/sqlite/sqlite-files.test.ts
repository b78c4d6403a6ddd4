import { copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime } from '../../../src/testing/manual-clock.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { drivers, temporaryFolder } from './handles.ts';

describe('files of the SQLite store', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.path('store.db');
  });

  afterEach(() => folder.remove());

  function inFile<T>(run: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(file);
    try {
      return run(db);
    } finally {
      db.close();
    }
  }

  async function expectUnreadable(words: RegExp): Promise<void> {
    const before = await readFile(file);
    expect(() => sqliteStore({ database: file })).toThrow(expect.objectContaining({ code: 'record-unreadable' }));
    expect(() => sqliteStore({ database: file })).toThrow(words);
    expect((await readFile(file)).equals(before)).toBe(true);
  }

  it('keeps records from one opening to the next', async () => {
    const first = sqliteStore({ database: file });
    await first.claim(claimOf('x', 'a'));
    await first.saveStep({ id: 'x', token: 'a', name: 'step', value: bytesOf('saved') });
    await first.complete(completionOf('x', 'a', 'kept'));
    await first.close();
    const second = sqliteStore({ database: file });
    const record = await second.read('x');
    expect(record).toMatchObject({ state: 'completed', token: 'a', attempt: 1 });
    expect(new TextDecoder().decode(record?.result?.bytes)).toBe('kept');
    expect([...(record?.steps.keys() ?? [])]).toEqual(['step']);
    await second.close();
  });

  it('has all its tables once a tool has applied the migrations', async () => {
    const schema = () => inFile((db) => db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all());
    inFile((db) => {
      for (const { sql } of migrations()) db.exec(sql);
    });
    const migrated = schema();
    const store = sqliteStore({ database: file });
    await store.claim(claimOf('x', 'a'));
    await store.close();
    expect(schema()).toEqual(migrated);
  });

  it('is readable by either driver, whichever wrote it', async () => {
    const id = 'K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols';
    const token = '4fa282fe-6f26-4f33-8a32-447c6d8a1953';
    for (const [name, open] of Object.entries(drivers)) {
      const handle = open(file);
      const store = sqliteStore({ database: handle });
      await store.claim(claimOf(`${name} ${id}`, token));
      await store.claim(claimOf(id, token, { operationId: token, principal: id }));
      expect(await store.read(id)).toMatchObject({ id, token, operationId: token, principal: id });
      await store.close();
      handle.close();
    }
  });

  for (const [how, act] of Object.entries({
    'was deleted': (path: string) => rm(path),
    'was replaced': (path: string) => copyFile(path, `${path}.copy`).then(() => rename(`${path}.copy`, path)),
  })) {
    it(`answers nothing from a file that was ${how}, until it is back`, async () => {
      for (const [name, open] of Object.entries(drivers)) {
        const runtime = manualRuntime();
        const path = folder.path(name);
        const handle = open(path);
        const store = sqliteStore({ database: handle, runtime });
        await store.claim(claimOf('x', 'a'));
        await link(path, `${path}.kept`);
        await act(path);
        await runtime.advance(1_000);
        for (const call of [() => store.ping(), () => store.complete(completionOf('x', 'a')), () => store.read('x')])
          await expect(call()).rejects.toMatchObject({
            code: 'store-unavailable',
            message: expect.stringMatching('deleted, moved or replaced'),
          });
        await rename(`${path}.kept`, path);
        expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
        await store.close();
        handle.close();
      }
    });
  }

  it('refuses a file that is not a database', async () => {
    await writeFile(file, 'name,amount\n'.repeat(500));
    await expectUnreadable(/not an SQLite database/);
  });

  it('refuses a file that another application marked as its own', async () => {
    inFile((db) => db.exec('PRAGMA application_id = 252006673; CREATE TABLE checkin (id)'));
    await expectUnreadable(/another application/);
  });

  it('refuses foreign tables with its names', async () => {
    inFile((db) => db.exec('CREATE TABLE latchkey_records (id, what)'));
    await expectUnreadable(/not those of this version/);
    inFile((db) => db.exec('CREATE TABLE latchkey_format (version); INSERT INTO latchkey_format VALUES (1)'));
    await expectUnreadable(/columns/);
  });

  it('refuses foreign tables with the names of later ones', async () => {
    for (const name of ['latchkey_requests', 'latchkey_outbox']) {
      await sqliteStore({ database: file }).close();
      inFile((db) => db.exec(`DROP TABLE ${name}; CREATE TABLE ${name} (id, what)`));
      await expectUnreadable(/columns/);
      inFile((db) => db.exec(`DROP TABLE ${name}`));
    }
    const store = sqliteStore({ database: file });
    await store.claim(claimOf('x', 'a', { request: bytesOf('asked') }));
    expect((await store.read('x'))?.request).toEqual(bytesOf('asked'));
    await store.close();
  });

  it('refuses a newer or invalid format', async () => {
    await sqliteStore({ database: file }).close();
    inFile((db) => db.exec('UPDATE latchkey_format SET version = 2'));
    await expectUnreadable(/newer version/);
    for (const version of ["'x'", '0', 'NULL']) {
      inFile((db) => db.exec(`DROP TABLE latchkey_format; CREATE TABLE latchkey_format (version)`));
      inFile((db) => db.exec(`INSERT INTO latchkey_format VALUES (${version})`));
      await expectUnreadable(/can't read/);
    }
    inFile((db) => db.exec('DELETE FROM latchkey_format'));
    await expectUnreadable(/format is unknown/);
  });

  it("names the file that can't be opened", () => {
    const missing = folder.path('missing/store.db');
    expect(() => sqliteStore({ database: missing })).toThrow(expect.objectContaining({ code: 'store-unavailable' }));
  });

  it('refuses an in-memory database', () => {
    expect(() => sqliteStore({ database: ':memory:' })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });

  it("coexists with an application's tables, and does not change its version", async () => {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 7; PRAGMA application_id = 99; CREATE TABLE orders (id INTEGER PRIMARY KEY)');
    const store = sqliteStore({ database: db });
    await store.claim(claimOf('x', 'a'));
    await store.close();
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 });
    expect(db.prepare('SELECT count(*) AS count FROM orders').get()).toEqual({ count: 0 });
    db.close();
  });

  it('removes the request with the record, and gives none to another', async () => {
    const db = new DatabaseSync(file);
    const store = sqliteStore({ database: db });
    const requests = () => db.prepare('SELECT count(*) AS count FROM latchkey_requests').get()?.['count'];
    const request = bytesOf('asked');
    await store.claim(claimOf('plain', 'a'));
    expect(requests()).toBe(0);
    await store.claim(claimOf('x', 'a', { request }));
    await store.claim(claimOf('y', 'a', { request }));
    expect(requests()).toBe(2);
    await store.complete(completionOf('x', 'a'));
    expect(requests()).toBe(1);
    db.exec("DELETE FROM latchkey_records WHERE id = 'y'");
    expect(requests()).toBe(0);
    await store.claim(claimOf('z', 'a'));
    expect((await store.read('z'))?.request).toBeUndefined();
    await store.close();
    db.close();
  });

  it('refuses a record whose request is missing', async () => {
    const db = new DatabaseSync(file);
    const store = sqliteStore({ database: db });
    await store.claim(claimOf('x', 'a', { request: bytesOf('asked') }));
    db.exec('DELETE FROM latchkey_requests');
    await expect(store.read('x')).rejects.toMatchObject({ code: 'record-unreadable' });
    await store.close();
    db.close();
  });

  const garbage: readonly (readonly [column: string, value: string])[] = [
    ['state', '9'],
    ['state', "'x'"],
    ['flags', "'x'"],
    ['expires', "'zzz'"],
    ['attempt', '1.5'],
    ['lease_end', 'NULL'],
    ['token', "x'0102'"],
    ['operation_id', '3'],
    ['principal', "x''"],
    ['steps', "'text'"],
    ['steps', "x'00000005'"],
    ['steps', "x'0000000141000000ff'"],
  ];
  for (const [column, value] of garbage) {
    it(`refuses a record whose ${column} is ${value}, does not change it, and serves the others`, async () => {
      const db = new DatabaseSync(file);
      const store = sqliteStore({ database: db });
      await Promise.all([store.claim(claimOf('x', 'a')), store.claim(claimOf('y', 'a'))]);
      db.exec(`UPDATE latchkey_records SET ${column} = ${value} WHERE id = 'x'`);
      const row = () => JSON.stringify(db.prepare("SELECT * FROM latchkey_records WHERE id = 'x'").get());
      const before = row();
      const unreadable = { status: 'rejected', reason: { code: 'record-unreadable' } };
      const results = await Promise.allSettled([
        store.claim(claimOf('x', 'b', { takeover: 'any' })),
        store.read('x'),
        store.renew({ id: 'x', token: 'a', leaseMs: 1, unresolvedRetentionMs: 1 }),
        store.release({ id: 'x', token: 'a', retentionMs: 1 }),
      ]);
      for (const result of results) expect(result).toMatchObject(unreadable);
      const group = [store.claim(claimOf('x', 'b')), store.complete(completionOf('y', 'a'))];
      expect(await Promise.allSettled(group)).toMatchObject([unreadable, { status: 'fulfilled', value: 'completed' }]);
      expect(row()).toBe(before);
      await store.close();
      db.close();
    });
  }

  it('refuses a completed record without a result', async () => {
    const db = new DatabaseSync(file);
    const store = sqliteStore({ database: db });
    await store.claim(claimOf('x', 'a'));
    await store.complete(completionOf('x', 'a'));
    db.exec("UPDATE latchkey_records SET result = 'text'");
    await expect(store.claim(claimOf('x', 'b'))).rejects.toMatchObject({ code: 'record-unreadable' });
    await store.close();
    db.close();
  });
});
