/**
 * What the store must know of the server before its first call, asked once.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { Database } from './connection.ts';
import { knownAdditions, newestVersion } from './migrations.ts';
import { columnsOf } from './row.ts';
import type { Statement } from './statements.ts';

/** Room in a packet for everything that is not the result. */
const packetMargin = 64 * 1024;

const oldestServer = [10, 6] as const;

/** The limits that the server sets. */
export interface ServerLimits {
  /** The longest value that fits into a packet beside the rest of a record. */
  readonly mostBytes: number;
}

/**
 * Looks at the server and the version of the schema.
 *
 * @throws LatchkeyError `schema-missing`, `schema-mismatch` if its version is another than this code knows,
 * `option-invalid` if the server or a setting of the connection won't do.
 */
export async function inspect(db: Database, statement: Statement): Promise<ServerLimits> {
  const { rows } = await db.run(statement);
  const column = columnsOf(rows[0]);
  checkServer(String(column('server')));
  checkVersion(column('newest'), column('additions'));
  if (Number(column('autocommit')) !== 1)
    throw new LatchkeyError('option-invalid', 'mariadbStore: connections of the pool must have autocommit on.');
  return { mostBytes: Math.max(1, Number(column('packet_bytes')) - packetMargin) };
}

function checkServer(version: string): void {
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)\.\d+-MariaDB/.exec(version) ?? []).map(Number);
  const [leastMajor, leastMinor] = oldestServer;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  const needed = `MariaDB ${leastMajor}.${leastMinor} or newer`;
  throw new LatchkeyError('option-invalid', `mariadbStore needs ${needed}; this server is ${version}.`);
}

function checkVersion(newest: unknown, additions: unknown): void {
  if (newest === null)
    throw new LatchkeyError('schema-missing', 'The schema of the MariaDB store has no version. Call migrate(client).');
  if (Number(newest) === newestVersion && Number(additions) >= knownAdditions) return;
  throw new LatchkeyError(
    'schema-mismatch',
    `The schema of the MariaDB store has version ${Number(newest)}.${Number(additions)}, and this code works with ` +
      `${newestVersion}.${knownAdditions}. If it is the older one, call migrate(client).`,
  );
}
