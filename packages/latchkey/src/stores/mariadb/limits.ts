/**
 * What fits into a row and into a packet, checked before anything is sent: a server that isn't strict would cut names
 * off, and close the connection on a packet that is too long.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError } from '../../core/errors.ts';
import type { NewMessage } from '../../core/outbox.ts';
import type { ClaimRequest } from '../../core/store.ts';
import type { Entry } from '../record/entry.ts';
import { encodeSteps } from '../record/step-blob.ts';

const longestName = 255;
const longestOperation = 65_535;

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
  const limit = `A saved request may have ${mostBytes} bytes`;
  throw new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet. Nothing was run.`);
}

/** The error for steps that are too long together. */
export function stepsTooLong(mostBytes: number): LatchkeyError {
  const limit = `The steps of an operation may have ${mostBytes} bytes together`;
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
  const limit = `The payload of a message may have ${mostBytes} bytes`;
  throw new LatchkeyError('value-invalid', `${limit}, by the server's max_allowed_packet.`);
}

function checkLength(name: string, value: string, most: number): void {
  if (Buffer.byteLength(value) <= most) return;
  throw new LatchkeyError('option-invalid', `mariadbStore: ${name} must not be longer than ${most} bytes.`);
}
