/**
 * What the owner of a record does to it. The statement proves ownership and writes at once; only one that changed
 * nothing is followed by a reading, which tells a repetition from a loss.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { StoreUnavailableError } from '../../core/errors.ts';
import type * as contract from '../../core/store.ts';
import { type Entry, isExpired } from '../record/entry.ts';
import { encodeSteps } from '../record/step-blob.ts';
import type { SqlValue } from './bridge.ts';
import type { Session } from './connection.ts';
import { pack } from './packing.ts';
import { entryOf, numberIn } from './row.ts';
import type { StatementName } from './statements.ts';
import { stored } from './stored-result.ts';

/** A write that finds the record to be its own, and yet changes nothing, is tried this often. */
const rounds = 5;

/** See `Store.renew`. */
export async function renewRecord<Tx>(session: Session<Tx>, request: contract.RenewRequest): Promise<boolean> {
  const values = [...ownerOf(request), request.leaseMs, request.unresolvedRetentionMs];
  const end = await write(session, 'renew', values, (entry) => !isHeldBy(entry, request) || entry.abandoned);
  return end === 'written';
}

/** See `Store.complete`. */
export async function completeRecord<Tx>(
  session: Session<Tx>,
  request: contract.CompleteRequest,
  maxResultBytes: number,
): Promise<contract.CompleteOutcome> {
  const { kind, bytes } = stored(request.result, request.tombstone, maxResultBytes);
  const { channel } = session.parts.names;
  const values = [...ownerOf(request), kind, bytes, request.retentionMs, request.notify ?? false, channel];
  const end = await write(session, 'complete', values, (entry) => !isHeldBy(entry, request));
  if (end === 'written') return outcomeOf(kind);
  const isOwn = end !== undefined && end.token === request.token && end.result !== undefined;
  return isOwn && end.result !== undefined ? outcomeOf(end.result.kind) : 'lost';
}

/** See `Store.release`. */
export async function releaseRecord<Tx>(session: Session<Tx>, request: contract.ReleaseRequest): Promise<boolean> {
  const { channel } = session.parts.names;
  const values = [...ownerOf(request), request.retentionMs, request.notify ?? false, channel, request.unused ? 1 : 0];
  const end = await write(session, 'release', values, (entry) => !isHeldBy(entry, request));
  return end === 'written' || (end?.phase === 'open' && end.token === request.token);
}

/** See `Store.abandon`. */
export async function abandonRecord<Tx>(session: Session<Tx>, request: contract.AbandonRequest): Promise<boolean> {
  const values = [...ownerOf(request), request.unresolvedRetentionMs, request.unused ? 1 : 0];
  const end = await write(session, 'abandon', values, (entry) => !isHeldBy(entry, request) || entry.abandoned);
  return end === 'written' || (end !== undefined && isHeldBy(end, request));
}

/** See `Store.saveStep`. */
export async function saveRecordStep<Tx>(session: Session<Tx>, request: contract.SaveStepRequest): Promise<boolean> {
  const step = encodeSteps(new Map([[request.name, request.value]]));
  const values = [...ownerOf(request), Buffer.from(request.name), step];
  return (await write(session, 'save-step', values, (entry) => !isHeldBy(entry, request))) === 'written';
}

function ownerOf({ id, token }: contract.Owner): readonly SqlValue[] {
  return [pack(id), pack(token)];
}

function isHeldBy(entry: Entry, { token }: contract.Owner): boolean {
  return entry.phase === 'held' && entry.token === token;
}

function outcomeOf(kind: contract.StoredResult['kind']): contract.CompleteOutcome {
  return kind === 'value' ? 'completed' : 'tombstoned';
}

/** Writes; else gives the record as it is, or nothing if it is gone, once `isSettled` says that this is no race. */
async function write<Tx>(
  session: Session<Tx>,
  name: StatementName,
  values: readonly SqlValue[],
  isSettled: (entry: Entry) => boolean,
): Promise<'written' | Entry | undefined> {
  for (let round = 0; round < rounds; round += 1) {
    if ((await session.run(name, values)).length > 0) return 'written';
    const [row] = await session.run('read', values.slice(0, 1));
    if (row === undefined) return undefined;
    const entry = entryOf(row);
    if (isExpired(entry, numberIn(row, 'now'))) return undefined;
    if (isSettled(entry)) return entry;
  }
  throw new StoreUnavailableError('The record kept changing under this call.');
}
