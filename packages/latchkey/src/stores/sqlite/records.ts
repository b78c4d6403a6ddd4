/**
 * Records in the table. The caller runs every method inside a transaction.
 *
 * @module
 */

import type * as contract from '../../core/store.ts';
import { claimEntry, claimed, newEntry } from '../record/claim-entry.ts';
import { type Entry, holdsRequest, isExpired, toReadRecord, toStoredRecord } from '../record/entry.ts';
import { completeEntry } from '../record/own-entry.ts';
import type { SqliteDatabase } from './client.ts';
import {
  blobIn,
  blobValue,
  columnsOf,
  completedOf,
  entryOf,
  fixedValues,
  flagBits,
  isMissing,
  movingValues,
  packDigest,
  packUuid,
  requestStateCodes,
  stateCodes,
  unpack,
  wholeNumber,
} from './row.ts';
import { listedCodes, type Statements, statements } from './statements.ts';

/** Number of rows that `erase` checks in one step. */
const eraseStepRows = 500;

/** The result of one step of `erase`, and where the next one continues. */
export interface EraseStep {
  /** The live records that were removed. Expired ones are removed too, but count as absent. */
  readonly ids: readonly string[];
  /** Absent at the end of the table. */
  readonly next?: number;
}

/** The records of one database. */
export class Records {
  readonly #sql: Statements;
  readonly #fits: (bytes: number) => boolean;

  constructor(db: SqliteDatabase, maxResultBytes: number) {
    this.#sql = statements(db);
    this.#fits = (bytes) => bytes <= maxResultBytes;
  }

  /** The record, if it exists and has not expired. */
  find(id: string, nowMs: number): Entry | undefined {
    const row = this.#sql.find.get(packDigest(id));
    const entry = isMissing(row) ? undefined : entryOf(row);
    return entry === undefined || isExpired(entry, nowMs) ? undefined : entry;
  }

  /** The record as an operator sees it. */
  read(id: string, nowMs: number): contract.StoredRecord | undefined {
    const entry = this.find(id, nowMs);
    if (entry === undefined) return undefined;
    if (holdsRequest(entry)) entry.request = this.#findRequest(id);
    return toReadRecord(entry, nowMs);
  }

  /** Writes the change of a transition; false if the record is gone. */
  save(entry: Entry): boolean {
    const isThere = changed(this.#sql.update.run(...movingValues(entry), packDigest(entry.id)));
    this.#saveRequest(entry);
    return isThere;
  }

  /** See `Store.claim`. */
  claim(request: contract.ClaimRequest, nowMs: number): contract.ClaimOutcome {
    const created = newEntry(request, nowMs);
    if (this.#insert(created)) return claimed(created);
    const completed = this.#findCompleted(request.id, nowMs);
    if (completed !== undefined) return completed;
    const entry = this.find(request.id, nowMs);
    if (entry === undefined) return this.#replace(created);
    const outcome = claimEntry(entry, request, nowMs);
    if (outcome.outcome === 'claimed') this.save(entry);
    return outcome;
  }

  /** The outcome of a claim that changes nothing; undefined if it has to write. */
  answerClaim(request: contract.ClaimRequest, nowMs: number): contract.ClaimOutcome | undefined {
    const completed = this.#findCompleted(request.id, nowMs);
    if (completed !== undefined) return completed;
    const entry = this.find(request.id, nowMs);
    const outcome = entry && claimEntry(entry, request, nowMs);
    return outcome?.outcome === 'claimed' ? undefined : outcome;
  }

  /** See `Store.complete`. The usual case, an owner that completes a record without a request, needs no read. */
  complete(request: contract.CompleteRequest, nowMs: number): contract.CompleteOutcome {
    const outcome = this.#completeHeld(request, nowMs);
    if (outcome !== undefined) return outcome;
    const entry = this.find(request.id, nowMs);
    if (entry === undefined) return 'lost';
    const isDone = entry.phase === 'completed';
    const answer = this.completeEntry(entry, request, nowMs);
    if (!isDone && answer !== 'lost') this.save(entry);
    return answer;
  }

  /** Puts a result into an entry, as `complete` does; the caller saves it. */
  completeEntry(entry: Entry, request: contract.CompleteRequest, nowMs: number): contract.CompleteOutcome {
    return completeEntry(entry, request, nowMs, this.#fits);
  }

  /** Removes a record. */
  remove(id: string): void {
    this.#sql.remove.run(packDigest(id));
  }

  /** See `Store.sweep`. */
  sweep(limit: number, nowMs: number): number {
    let swept = 0;
    for (const state of [...Object.values(stateCodes), ...Object.values(requestStateCodes)])
      if (swept < limit) swept += Number(this.#sql.sweep.run(state, nowMs, limit - swept).changes);
    return swept;
  }

  /** Removes the principal's records among the next rows. */
  eraseStep(principal: string, after: number, nowMs: number): EraseStep {
    const last = columnsOf(this.#sql.eraseEnd.get(after, eraseStepRows))('seq');
    if (last === null) return { ids: [] };
    const next = wholeNumber(last);
    const erased = this.#sql.erase.all(after, next, packDigest(principal));
    const live = erased.map(columnsOf).filter((column) => wholeNumber(column('expires')) > nowMs);
    return { ids: live.map((column) => unpack(column('id'))), next };
  }

  /** See `Store.list`. */
  list(request: contract.ListRequest, cursor: readonly number[], nowMs: number): contract.RecordPage {
    const [expires = 0, seq = 0] = cursor;
    const values = listedCodes[request.state].flatMap(() => [nowMs, expires, seq, nowMs]);
    const rows = this.#sql.list[request.state].all(...values, request.limit + 1);
    const page = rows.slice(0, request.limit);
    const records = page.map((row) => toStoredRecord(entryOf(row), nowMs));
    if (rows.length <= request.limit) return { records };
    const last = columnsOf(page.at(-1));
    return { records, next: `${wholeNumber(last('expires'))}.${wholeNumber(last('seq'))}` };
  }

  /** Checks that the table can be read. */
  ping(): void {
    this.#sql.ping.get();
  }

  #findCompleted(id: string, nowMs: number): contract.ClaimOutcome | undefined {
    const row = this.#sql.findCompleted.get(packDigest(id), nowMs);
    return isMissing(row) ? undefined : completedOf(row);
  }

  #insert(entry: Entry): boolean {
    const isInserted = changed(this.#sql.insert.run(...fixedValues(entry), ...movingValues(entry)));
    if (isInserted) this.#saveRequest(entry);
    return isInserted;
  }

  #saveRequest({ id, request }: Entry): void {
    if (request instanceof Uint8Array) this.#sql.putRequest.run(blobValue(request), packDigest(id));
    if (request === 'dropped') this.#sql.dropRequest.run(packDigest(id));
  }

  #findRequest(id: string): Uint8Array {
    const row = this.#sql.findRequest.get(packDigest(id));
    return blobIn(isMissing(row) ? undefined : columnsOf(row)('request'), 'the request of a record is missing');
  }

  #replace(entry: Entry): contract.Claimed {
    this.remove(entry.id);
    this.#insert(entry);
    return claimed(entry);
  }

  #completeHeld(request: contract.CompleteRequest, nowMs: number): contract.CompleteOutcome | undefined {
    const { id, token, result, tombstone, retentionMs } = request;
    const fits = this.#fits(result.bytes.byteLength);
    const isTombstone = !fits || result.kind === 'tombstone';
    const written = this.#sql.complete.run(
      isTombstone ? flagBits.tombstone : 0,
      nowMs + retentionMs,
      nowMs,
      blobValue(fits ? result.bytes : tombstone),
      packDigest(id),
      packUuid(token),
      nowMs,
    );
    if (!changed(written)) return undefined;
    return isTombstone ? 'tombstoned' : 'completed';
  }
}

function changed(result: { readonly changes: number | bigint }): boolean {
  return Number(result.changes) > 0;
}
