/**
 * Looks at the record of a request without claiming it, for code before the guard, such as a rate limiter that lets
 * retries pass.
 *
 * @module
 */

import { isSamePayload } from '../core/engine/claim.ts';
import type { Operation } from '../core/operation.ts';
import type { StoredRecord, TransactionKind } from '../core/store.ts';
import type { PeekedBody, PeekRequest } from './exchange.ts';
import type { Peek } from './layer.ts';
import { readKey } from './request/key-header.ts';
import { readPrincipal } from './request/principal.ts';
import { isQuarantined, readRecord } from './request/quarantine.ts';
import { type KeyedRequest, readBody, readOperation } from './request/read-request.ts';
import type { Guard, Route } from './request/route.ts';

/**
 * Takes the same steps as the guard up to the claim, and reads the record instead. The guard takes over the bytes and
 * the comparable form of the body, which never change. It determines key, principal and headers again, since
 * authentication between the two may set them.
 */
export async function peekRequest<Native, Kind extends TransactionKind>(
  given: PeekRequest<Native>,
  route: Route<Native>,
  guard: Guard<Native, Kind>,
): Promise<Peek> {
  if (!route.methods.has(given.method)) return 'none';
  const keyLines = given.headers('idempotency-key');
  if (keyLines.length === 0) return 'none';
  const reading = readKey(keyLines, route.options.key.format);
  if ('refused' in reading) return 'none';
  const { key } = reading;
  const identity = await readPrincipal(guard.principal, given, key);
  if ('problem' in identity) return 'none';
  const { principal } = identity;
  const found = { route, guard, key, principal, peeked: undefined, mayBegin: () => true };
  const request: KeyedRequest<Native> & PeekRequest<Native> = Object.assign(given, found);
  const received = await readBody(request);
  const read = await readOperation(request, guard.fingerprintsOf, received);
  if ('problem' in read) return 'none';
  if (received.kind === 'bytes') keepForGuard(request, guard, { route, received, form: read.form });
  return look(read.operation, request, guard);
}

/** A parsed value is not kept, since other code may still change it. */
function keepForGuard<Native, Kind extends TransactionKind>(
  { native }: PeekRequest<Native>,
  { seen }: Guard<Native, Kind>,
  peeked: PeekedBody,
): void {
  if (typeof native !== 'object' || native === null) return;
  const found = seen.get(native);
  const isInGuard = found !== undefined && !('form' in found);
  if (!isInGuard) seen.set(native, peeked);
}

/** One read of the store. */
async function look<Native, Kind extends TransactionKind>(
  operation: Operation,
  request: KeyedRequest<Native>,
  guard: Guard<Native, Kind>,
): Promise<Peek> {
  const { restored } = request.route.options;
  try {
    const record = await readRecord(operation, guard);
    if (restored && isQuarantined(restored, request, record)) return 'unknown';
    return record === undefined ? 'new' : stateFor(operation, record);
  } catch {
    // Failed calls were reported as events.
    return 'unknown';
  }
}

/** An open record without a saved step takes any payload. */
function stateFor(operation: Operation, record: StoredRecord): Peek {
  const { state, steps } = record;
  if (state === 'open' && steps.size === 0) return 'new';
  if (!isSamePayload(operation, record)) return 'mismatch';
  switch (state) {
    case 'open':
      return 'new';
    case 'completed':
      return 'replay';
    case 'running':
      return 'running';
    case 'lapsed':
      return 'unknown';
  }
}
