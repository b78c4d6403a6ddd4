import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../../src/core/errors.ts';
import { migrateFromUrl, migrationsFromUrl, storeFromUrl } from '../../../src/stores/store-from-url/index.ts';
import { claimOf } from '../requests.ts';

const folder = await mkdtemp(join(tmpdir(), 'latchkey-url-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function refusalOf(url: string): Promise<LatchkeyError> {
  const error: unknown = await storeFromUrl(url).catch((thrown: unknown) => thrown);
  if (error instanceof LatchkeyError) return error;
  throw new TypeError(`The URL gave ${inspect(error)}`);
}

describe('storeFromUrl', () => {
  it('opens an SQLite file, which remains after the store is closed', async () => {
    const path = join(folder, 'with space.db');
    const store = await storeFromUrl(`sqlite:${path.replace(' ', '%20')}?synchronous=normal&lockTimeoutMs=50`);
    expect(store.name).toBe('sqlite');
    expect((await store.claim(claimOf('id', 'token'))).outcome).toBe('claimed');
    await store.close();
    await store.close();
    const again = await storeFromUrl(`sqlite://${path}`);
    expect((await again.claim(claimOf('id', 'another'))).outcome).toBe('running');
    await again.close();
  });

  it('opens a store in memory', async () => {
    const store = await storeFromUrl('memory:?maxRecords=1');
    expect((await store.claim(claimOf('id', 'token'))).outcome).toBe('claimed');
    await expect(store.claim(claimOf('second', 'token'))).rejects.toMatchObject({ code: 'store-unavailable' });
    await store.close();
  });

  it('knows the transactions of a URL whose scheme is known', async () => {
    const store = await storeFromUrl(`sqlite:${join(folder, 'transactions.db')}`);
    await store.claim(claimOf('id', 'token'));
    const outcome = await store.transaction?.(claimOf('id', 'token'), (db) => {
      db.exec('CREATE TABLE effects (effect)');
      return { value: 'done', write: { kind: 'step', name: 'effect', value: new Uint8Array() } };
    });
    expect(outcome).toEqual({ outcome: 'committed', value: 'done' });
    await store.close();
  });

  it.each([
    ['http://localhost', 'option-invalid', 'redis: rediss: postgres:'],
    ['constructor:', 'option-invalid', 'must begin with one of'],
    ['mysql://localhost/shop', 'option-invalid', 'write mariadb:'],
    ['data/latchkey.db', 'option-invalid', 'can not be read'],
    ['memory:elsewhere', 'option-invalid', 'exactly memory:'],
    ['memory:?maxRecords=many', 'option-invalid', 'maxRecords must be an integer of at least 1; got NaN'],
    ['memory:?maxRecords=', 'option-invalid', 'maxRecords must be an integer of at least 1; got NaN'],
    ['memory:?maxRecords=1&maxRecords=2', 'option-invalid', 'twice'],
    ['memory:?maxRecord=1', 'option-unknown', 'Did you mean "maxRecords"?'],
    ['sqlite:', 'option-invalid', 'sqlite: and a path'],
    ['sqlite://data/latchkey.db', 'option-invalid', 'sqlite: and a path'],
    ['sqlite:a.db?synchronous=off', 'option-invalid', 'synchronous must be "full" or "normal"'],
    ['sqlite:a.db#1', 'option-invalid', '%23'],
    ['redis://localhost/shop', 'option-invalid', 'number of a database'],
    ['redis://localhost?tablePrefix=a', 'option-unknown', 'redis:'],
    ['redis://localhost?prefix=', 'option-invalid', 'prefix'],
    ['postgres://localhost/shop?schemas=a', 'option-unknown', 'Did you mean "schema"?'],
    ['postgres://localhost/shop?listen=no', 'option-invalid', 'listen must be "true" or "false"'],
    ['postgres://localhost/shop?connections=0', 'option-invalid', 'connections'],
    ['mariadb://localhost/shop?connections=0', 'option-invalid', 'connections'],
    ['mariadb://localhost/shop?tablePrefix=a%20b', 'option-invalid', 'tablePrefix'],
    ['dynamodb://eu-central-1', 'option-invalid', 'names no table'],
    ['dynamodb://eu-central-1/latchkey?clock=mine', 'option-invalid', 'clock must be'],
  ])('refuses %s', async (url, code, words) => {
    const error = await refusalOf(url);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it.each([
    'redis://shop:s3cret@localhost/shop',
    'redis://shop:s3cret@localhost:1?timeout=1',
    'redis://shop:s3cret@127.0.0.1:1',
    'postgres://shop:s3cret@127.0.0.1:1/shop',
    'postgres://shop:s3cret%@127.0.0.1:1/shop',
    'postgres://shop:s3cret@[nowhere',
    'mariadb://shop:s3cret@127.0.0.1:1/shop',
    'dynamodb://shop:s3cret@eu-central-1/latchkey',
    'mysql://shop:s3cret@127.0.0.1:1/shop',
    'unheard-of://shop:s3cret@127.0.0.1:1/shop',
  ])('does not show the password of %s', async (url) => {
    expect(inspect(await refusalOf(url), { depth: 20, showHidden: true })).not.toContain('s3cret');
  });

  it('refuses unknown options', async () => {
    const options: object = { onError: () => {} };
    await expect(storeFromUrl('memory:', options)).rejects.toMatchObject({ code: 'option-unknown' });
  });
});

describe('migrationsFromUrl', () => {
  it.each([
    ['postgres://localhost/shop?schema=shop&tablePrefix=once_&connections=2', '"shop"."once_records"'],
    ['mariadb://localhost/shop?tablePrefix=once_', '`once_records`'],
    ['sqlite:records.db', 'CREATE TABLE latchkey_records'],
  ])('returns the SQL of %s', async (url, words) => {
    const sql = (await migrationsFromUrl(url)).map((migration) => migration.sql).join('');
    expect(sql).toContain(words);
  });

  it.each(['redis://localhost', 'rediss://localhost', 'memory:'])('returns nothing for %s', async (url) => {
    expect(await migrationsFromUrl(url)).toEqual([]);
    await migrateFromUrl(url);
  });

  it.each([
    ['dynamodb://eu-central-1/latchkey', 'tableDefinition'],
    ['mysql://localhost/shop', 'write mariadb:'],
    ['http://localhost', 'must begin with one of'],
    ['postgres://localhost/shop?schemas=a', 'Did you mean "schema"?'],
  ])('refuses %s', async (url, words) => {
    await expect(migrationsFromUrl(url)).rejects.toThrow(words);
    await expect(migrateFromUrl(url)).rejects.toThrow(words);
  });
});

describe('migrateFromUrl', () => {
  it('creates the tables of an SQLite file', async () => {
    const path = join(folder, 'migrated.db');
    await migrateFromUrl(`sqlite:${path}`);
    const store = await storeFromUrl(`sqlite:${path}`);
    expect(await store.sweep(1)).toBe(0);
    await store.close();
  });

  it.each(['postgres://shop:s3cret@127.0.0.1:1/shop', 'mariadb://shop:s3cret@127.0.0.1:1/shop'])(
    'does not show the password of %s',
    async (url) => {
      const error: unknown = await migrateFromUrl(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'store-unavailable' });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
    },
  );
});
