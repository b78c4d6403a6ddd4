import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/core/errors.ts';
import * as mariadb from '../../src/stores/mariadb/index.ts';
import * as postgres from '../../src/stores/postgres/index.ts';
import * as sqlite from '../../src/stores/sqlite/index.ts';

describe.each([
  ['mariadb', mariadb.migrations({ tablePrefix: 'shop_' }), /shop_.*;\n$/s],
  ['postgres', postgres.migrations({ tablePrefix: 'shop_' }), /shop_.*;\n$/s],
  ['sqlite', sqlite.migrations(), /latchkey_.*;\n$/s],
] as const)('the migrations of %s', (_name, migrations, statements) => {
  it('are numbered files of complete statements, as in every store', () => {
    expect(migrations.map(({ version, name }) => [version, name])).toEqual([
      [1, 'latchkey-1'],
      [2, 'latchkey-2'],
    ]);
    for (const { sql } of migrations) expect(sql).toMatch(statements);
  });
});

it('MariaDB is unavailable to a migration while another process holds the lock', async () => {
  const connection = {
    query: async () => [[{ taken: 0 }]],
    execute: async () => [[]],
    release: () => {},
    destroy: () => {},
  };
  const client = { getConnection: async () => connection };
  await expect(Reflect.apply(mariadb.migrate, undefined, [client])).rejects.toBeInstanceOf(StoreUnavailableError);
});
