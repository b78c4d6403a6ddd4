/**
 * What the store must know of the server before its first call, asked once; and what fits into a row and into a packet,
 * checked before anything is sent: a server that isn't strict would cut names off, and close the connection on a packet
 * that is too long.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError } from '../../core/errors.ts';
import type { NewMessage } from '../../core/outbox.ts';
import type { ClaimRequest } from '../../core/store.ts';
import type { Entry } from '../record/entry.ts';
import { encodeSteps } from '../record/step-blob.ts';
import type { Connection } from './connection.ts';
import { knownAdditions, newestVersion } from './migrations.ts';
import { columnsOf } from './row.ts';
import type { Statement } from './statements.ts';

/** Room in a packet for everything that is not the result. */
const packetMargin = 64 * 1024;

const oldestServer = [10, 6] as const;

const longestName = 255;
const longestOperation = 65_535;

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
export async function inspect(connection: Connection, statement: Statement): Promise<ServerLimits> {
  const { rows } = await connection.run(statement);
  const column = columnsOf(rows[0]);
  checkServer(String(column('server')));
  checkVersion(column('newest'), column('additions'));
  if (Number(column('autocommit')) !== 1)
    throw new LatchkeyError('option-invalid', "mariadbStore: autocommit must be on in the pool's connections.");
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
    throw new LatchkeyError('schema-missing', 'The tables of the MariaDB store have no version. Call migrate(client).');
  if (Number(newest) === newestVersion && Number(additions) >= knownAdditions) return;
  throw new LatchkeyError(
    'schema-mismatch',
    `The tables of the MariaDB store have version ${Number(newest)}.${Number(additions)}; this code needs ` +
      `${newestVersion}.${knownAdditions}. If theirs is older, call migrate(client).`,
  );
}

/**
 * Refuses names that are longer than their columns.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkNames(request: ClaimRequest): void {
  const { id, token, principal, operationId, fingerprint, operation } = request;
  for (const [name, value] of Object.entries({ id, token, principal, operationId, fingerprint }))
    checkLength(name, value, longestName);
  checkLength('operation', operation, longestOperation);
}

/**
 * Refuses steps that are too long together.
 *
 * @throws LatchkeyError `value-invalid`.
 */
export function checkSteps(entry: Entry, mostBytes: number): void {
  if ((encodeSteps(entry.steps)?.byteLength ?? 0) > mostBytes) throw stepsTooLong(mostBytes);
}

/**
 * Refuses a request that fits in no packet.
 *
 * @throws LatchkeyError `value-invalid`.
 */
export function checkRequest({ request }: ClaimRequest, mostBytes: number): void {
  if (request === undefined || request.byteLength <= mostBytes) return;
  const limit = `A saved request must be at most ${mostBytes} bytes`;
  throw new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet. Nothing was run.`);
}

/** The error for steps that are too long together. */
export function stepsTooLong(mostBytes: number): LatchkeyError {
  const limit = `The steps of an operation must be at most ${mostBytes} bytes together`;
  return new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet.`);
}

/**
 * Refuses a message that is longer than its columns, or than a packet.
 *
 * @throws LatchkeyError `value-invalid`, `option-invalid`.
 */
export function checkMessage({ operationId, name, operation, payload }: NewMessage, mostBytes: number): void {
  checkLength('operationId', operationId, longestName);
  checkLength('name', name, longestOperation);
  checkLength('operation', operation, longestOperation);
  if (payload.byteLength <= mostBytes) return;
  const limit = `The payload of a message must be at most ${mostBytes} bytes`;
  throw new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet.`);
}

function checkLength(name: string, value: string, most: number): void {
  if (Buffer.byteLength(value) <= most) return;
  throw new LatchkeyError('option-invalid', `mariadbStore: ${name} must be at most ${most} bytes long.`);
}
