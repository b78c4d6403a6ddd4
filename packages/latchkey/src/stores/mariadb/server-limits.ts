/**
 * Inspects the server once before the first call, and checks that values fit into a row and a packet before they are
 * sent. A server without strict mode would truncate names, and it closes the connection for a packet that is too long.
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

/** Bytes of a packet reserved for everything except the result. */
const packetMargin = 64 * 1024;

const oldestServer = [10, 6] as const;

const longestName = 255;
const longestOperation = 65_535;

/** The limits of the server. */
export interface ServerLimits {
  /** The longest value that fits into a packet with the rest of a record. */
  readonly mostBytes: number;
}

/**
 * Inspects the server and the version of the schema.
 *
 * @throws LatchkeyError `schema-missing`, `schema-mismatch` if this code does not know its version, `option-invalid`
 * if the server or a setting of the connection is not supported.
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
 * Refuses names longer than their columns.
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
 * Refuses steps whose total size is too large.
 *
 * @throws LatchkeyError `value-invalid`.
 */
export function checkSteps(entry: Entry, mostBytes: number): void {
  if ((encodeSteps(entry.steps)?.byteLength ?? 0) > mostBytes) throw stepsTooLong(mostBytes);
}

/**
 * Refuses a request that does not fit into a packet.
 *
 * @throws LatchkeyError `value-invalid`.
 */
export function checkRequest({ request }: ClaimRequest, mostBytes: number): void {
  if (request === undefined || request.byteLength <= mostBytes) return;
  const limit = `A saved request must be at most ${mostBytes} bytes`;
  throw new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet. Nothing was run.`);
}

/** The error for steps whose total size is too large. */
export function stepsTooLong(mostBytes: number): LatchkeyError {
  const limit = `The steps of an operation must be at most ${mostBytes} bytes together`;
  return new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet.`);
}

/**
 * Refuses a message longer than its columns or a packet.
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
