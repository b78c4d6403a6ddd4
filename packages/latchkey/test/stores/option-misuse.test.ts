import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/node.ts';
import { dynamodbStore } from '../../src/stores/dynamodb/index.ts';
import { mariadbStore } from '../../src/stores/mariadb/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { postgresStore } from '../../src/stores/postgres/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { storeFromUrl } from '../../src/stores/store-from-url/index.ts';

type Factory = (options: never) => unknown;

const factories: Readonly<Record<string, Factory>> = {
  redisStore,
  postgresStore,
  mariadbStore,
  dynamodbStore,
  sqliteStore,
  idempotency,
};

function refusal(code: string, ...words: readonly string[]) {
  return expect.objectContaining({ code, message: expect.stringMatching(new RegExp(words.join('.*'))) });
}

function calling(factory: Factory | undefined, ...given: readonly unknown[]): () => unknown {
  return () => Reflect.apply(factory as Factory, undefined, given);
}

describe.each(Object.entries(factories))('%s', (name, factory) => {
  it('demands an object if it gets nothing, a string or null', () => {
    expect(calling(factory)).toThrow(refusal('option-invalid', 'object with options', 'got undefined'));
    expect(calling(factory, 'x.db')).toThrow(refusal('option-invalid', 'object with options', 'got a string'));
    expect(calling(factory, null)).toThrow(refusal('option-invalid', 'object with options', 'got null'));
  });

  it('names the class of a value passed instead of options', () => {
    const clients = [new Redis({ lazyConnect: true }), new pg.Pool(), new DatabaseSync(':memory:')];
    for (const client of clients) {
      const words = ['object with options', `got an instance of ${client.constructor.name}`];
      expect(calling(factory, client)).toThrow(refusal('option-invalid', ...words));
    }
    expect(name).not.toBe('');
  });
});

describe('a client or store of the wrong kind', () => {
  it.each(['redisStore', 'postgresStore', 'mariadbStore', 'dynamodbStore'])('%s refuses by name', (name) => {
    for (const client of ['postgres://localhost', undefined, null, {}, 7, () => {}])
      expect(calling(factories[name], name === 'dynamodbStore' ? { client, table: 'x' } : { client })).toThrow(
        refusal('option-invalid', 'client'),
      );
  });

  it('a store that was not awaited is named as a promise', () => {
    const store = storeFromUrl('memory:');
    const options = { store, principal: () => 'tenant' };
    expect(calling(idempotency, options)).toThrow(refusal('option-invalid', 'store', 'await'));
  });
});

describe('names of other libraries', () => {
  it.each([
    ['ttl', 'retentionMs'],
    ['keyGenerator', 'principal'],
    ['lockTimeout', 'leaseMs'],
    ['adapter', 'store'],
  ])('%s leads to %s', (name, meant) => {
    const options = { store: memoryStore(), principal: () => 'tenant', [name]: 1 };
    expect(calling(idempotency, options)).toThrow(refusal('option-unknown', name, meant));
  });

  it("an SQLite file that can't be opened is named", () => {
    const path = '/no/such/folder/orders.db';
    expect(calling(sqliteStore, { database: path })).toThrow(refusal('store-unavailable', path, 'folder'));
  });
});
