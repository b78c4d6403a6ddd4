/**
 * The store's methods.
 *
 * @module
 */

import type { Random } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import { claimEntry, claimed, newEntry } from '../record/claim-entry.ts';
import { toStoredRecord } from '../record/entry.ts';
import * as owning from '../record/own-entry.ts';
import type { Cell } from './attributes.ts';
import type { DynamodbClient, TransactItemOf } from './client.ts';
import type { Instant, TimeSource } from './clock.ts';
import type { Connection } from './connection.ts';
import { hasRoom, LongSteps } from './long-steps.ts';
import { type Decision, partsMissing, type Records } from './records.ts';
import { checkRequest, type Head, newHead, removalSeconds, stepSize } from './row.ts';
import { eraseRecords, listRecords, sweepRecords } from './scan.ts';
import { completion, inlineStepBytes, releasing, renewal, stepSaving } from './statements.ts';
import type { Change } from './table.ts';
import { collect, commit, type TransactionCollector } from './transaction.ts';

/** The transactions of a DynamoDB store: the function adds its writes to a collector. */
export interface DynamodbTransactions<Client extends DynamodbClient = DynamodbClient> extends contract.TransactionKind {
  readonly handle: TransactionCollector<TransactItemOf<Client>>;
  readonly mode: 'async';
}

/** The parts of a {@link DynamodbStore}. */
export interface DynamodbParts<Client extends DynamodbClient> {
  readonly client: Client;
  readonly connection: Connection;
  readonly records: Records;
  readonly time: TimeSource;
  readonly random: Random;
  readonly maxResultBytes: number;
  /** Whether a claim reads before it writes. */
  readonly readFirst: boolean;
}

/** Longer results are stored in parts, since a refused claim pays for every kilobyte of the item that it finds. */
const inlineResultBytes = 32_768;

/** Number of attempts to read a value in parts while its record may be changing. */
const loadTries = 3;

/** See `dynamodbStore`. */
export class DynamodbStore<Client extends DynamodbClient>
  implements contract.OperatorStore<DynamodbTransactions<Client>>
{
  readonly name = 'dynamodb';
  readonly volatile = false;
  readonly #with: DynamodbParts<Client>;
  readonly #records: Records;
  readonly #longSteps: LongSteps;
  #sweptUpTo: string | undefined;

  constructor(parts: DynamodbParts<Client>) {
    this.#with = parts;
    this.#records = parts.records;
    this.#longSteps = new LongSteps(parts.records);
  }

  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    const { readFirst } = this.#with;
    checkRequest(request);
    for (let attempt = 1; ; attempt += 1) {
      const at = await this.#now();
      const padded = { ...request, leaseMs: request.leaseMs + at.uncertaintyMs };
      const decide = (head: Head | undefined) => decideClaim(head, padded, at);
      const { outcome, head } = readFirst
        ? await this.#records.change(request.id, at, decide)
        : await this.#records.revise(request.id, undefined, at, decide);
      const whole = await this.#withValues(outcome, head);
      if (whole !== undefined) return whole;
      if (attempt >= loadTries) throw partsMissing();
    }
  }

  async renew(request: contract.RenewRequest): Promise<boolean> {
    const at = await this.#now();
    return 'done' in (await this.#renew(request, renewal(request, at), at));
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const at = await this.#now();
    const { result, tombstone, retentionMs } = request;
    const kept = this.#fits(result.bytes) ? result : ({ kind: 'tombstone', bytes: tombstone } as const);
    const cell = await this.#storeResult(request, kept.bytes, at.nowMs + at.uncertaintyMs + retentionMs);
    const written = await this.#records.own(request.id, at, completion(request, kept.kind, cell, at), (head) => {
      if (head === undefined) return 'lost';
      if (owning.holds(head.entry, request)) return undefined;
      return owning.completeEntry(head.entry, request, at.nowMs, () => true);
    });
    if ('done' in written) return kept.kind === 'tombstone' ? 'tombstoned' : 'completed';
    if (!refersTo(written.head, cell)) await this.#records.parts.remove(request.id, cell);
    return written.answer;
  }

  async release(request: contract.ReleaseRequest): Promise<boolean> {
    const at = await this.#now();
    const written = await this.#records.own(request.id, at, releasing(request, at), (head) => {
      if (head === undefined) return false;
      return owning.holds(head.entry, request) ? undefined : owning.releaseEntry(head.entry, request, at.nowMs);
    });
    return 'done' in written || written.answer;
  }

  async abandon(request: contract.AbandonRequest): Promise<boolean> {
    const at = await this.#now();
    return this.#records.change(request.id, at, (head) => {
      const wasAbandoned = head?.entry.abandoned;
      const answer = head !== undefined && owning.abandonEntry(head.entry, request, at.nowMs);
      return head !== undefined && answer && !wasAbandoned ? { answer, write: { put: head } } : { answer };
    });
  }

  async saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    const at = await this.#now();
    const { id, name, value } = request;
    if (stepSize(name, { bytes: value }) > inlineStepBytes) return this.#longSteps.save(request, at);
    const written = await this.#records.own(id, at, stepSaving(request, name, value, at), (head) => {
      if (head === undefined || !owning.holds(head.entry, request)) return 'refused';
      if (head.stepCells.has(name)) return 'saved';
      return hasRoom(head, name, value) ? undefined : 'full';
    });
    if ('done' in written || written.answer === 'saved') return true;
    return written.answer === 'full' && this.#longSteps.save(request, at);
  }

  async transaction<T>(
    request: contract.RenewRequest,
    body: (handle: DynamodbTransactions<Client>['handle']) => contract.Transacted<T> | Promise<contract.Transacted<T>>,
  ): Promise<contract.TransactionOutcome<T>> {
    const from = await this.#now();
    const renewed = await this.#renew(request, { ...renewal(request, from), echo: true }, from);
    if (!('done' in renewed)) return { outcome: 'lost' };
    const { collector, end } = collect<TransactItemOf<Client>>();
    const { value, write } = await body(collector);
    const at = await this.#now();
    const padded = { ...request, leaseMs: request.leaseMs + at.uncertaintyMs };
    const commitment = { request: padded, write, items: end(), at };
    const tools = { ...this.#with, save: this.#save.bind(this) };
    return (await commit(tools, commitment, renewed.done)) ? { outcome: 'committed', value } : { outcome: 'lost' };
  }

  async read(id: string): Promise<contract.StoredRecord | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const at = await this.#now();
      const head = await this.#records.find(id, at);
      if (head === undefined) return undefined;
      const record = await this.#view(head, at);
      const { request } = head.entry;
      if (record !== undefined) return request instanceof Uint8Array ? { ...record, request } : record;
      if (attempt >= loadTries) throw partsMissing();
    }
  }

  async list(request: contract.ListRequest): Promise<contract.RecordPage> {
    const at = await this.#now();
    const { heads, next } = await listRecords(this.#records, request, at);
    const records: contract.StoredRecord[] = [];
    for (const head of heads) {
      const record = (await this.#view(head, at)) ?? (await this.read(head.entry.id));
      if (record !== undefined) records.push(record);
    }
    return next === undefined ? { records } : { records, next };
  }

  async resolve(request: contract.ResolveRequest): Promise<boolean> {
    const at = await this.#now();
    let tried: Head | 'removed' | undefined;
    return this.#records.change(request.id, at, async (head): Promise<Decision<boolean>> => {
      if (tried !== undefined && isDone(tried, head)) return { answer: true };
      const padded = { ...request, resolution: padResolution(request.resolution, at) };
      const outcome = head === undefined ? 'refused' : owning.resolveEntry(head.entry, padded, at.nowMs);
      if (head === undefined || outcome === 'refused') return { answer: false };
      tried = outcome === 'removed' ? outcome : head;
      if (outcome === 'removed') return { answer: true, write: 'remove' };
      const { result, expiresAtMs } = head.entry;
      if (result !== undefined) head.resultCell = await this.#storeResult(request, result.bytes, expiresAtMs);
      return { answer: true, write: { put: head } };
    });
  }

  async erase(principal: string): Promise<number> {
    return eraseRecords(this.#records, principal, await this.#now());
  }

  async sweep(limit: number): Promise<number> {
    const { count, resumeAfter } = await sweepRecords(this.#records, limit, this.#sweptUpTo, await this.#now());
    this.#sweptUpTo = resumeAfter;
    return count;
  }

  async ping(): Promise<void> {
    const { table } = this.#records;
    await table.get(table.recordKey('ping'));
  }

  /** The middle of the possible times. */
  async now(): Promise<number> {
    const { nowMs, uncertaintyMs } = await this.#now();
    return nowMs + uncertaintyMs / 2;
  }

  async close(): Promise<void> {
    this.#with.connection.close();
    this.#with.time.close();
  }

  #now(): Promise<Instant> {
    return this.#with.time.now();
  }

  #fits(bytes: Uint8Array): boolean {
    return bytes.byteLength <= this.#with.maxResultBytes;
  }

  #renew(request: contract.RenewRequest, change: Change, at: Instant) {
    return this.#records.own(request.id, at, change, (head) => {
      const isDue = head !== undefined && owning.holds(head.entry, request) && !head.entry.abandoned;
      return isDue ? undefined : false;
    });
  }

  async #storeResult(owner: contract.Owner, bytes: Uint8Array, expiresAtMs: number): Promise<Cell> {
    if (bytes.byteLength <= inlineResultBytes) return { bytes };
    return this.#records.parts.store(owner, bytes, removalSeconds(expiresAtMs));
  }

  async #save(owner: contract.Owner, head: Head, write: contract.TransactionWrite, at: Instant): Promise<void> {
    if (write.kind === 'step') return this.#longSteps.add(owner, head, write.name, write.value);
    const { entry } = head;
    const request = { ...write, ...owner, retentionMs: write.retentionMs + at.uncertaintyMs };
    owning.completeEntry(entry, request, at.nowMs, (bytes) => bytes <= this.#with.maxResultBytes);
    if (entry.result !== undefined)
      head.resultCell = await this.#storeResult(owner, entry.result.bytes, entry.expiresAtMs);
  }

  /** The outcome with its parts loaded; undefined if parts have been removed since. */
  async #withValues(outcome: contract.ClaimOutcome, head: Head): Promise<contract.ClaimOutcome | undefined> {
    if (outcome.outcome === 'claimed') return (await this.#records.loadSteps(head)) ? claimed(head.entry) : undefined;
    if (outcome.outcome !== 'completed') return outcome;
    const result = await this.#records.loadResult(head);
    return result && { ...outcome, result };
  }

  async #view(head: Head, at: Instant): Promise<contract.StoredRecord | undefined> {
    if (!(await this.#records.loadSteps(head))) return undefined;
    const record = toStoredRecord(head.entry, at.nowMs);
    const result = await this.#records.loadResult(head);
    if (record.result === undefined) return record;
    return result && { ...record, result };
  }
}

function decideClaim(
  head: Head | undefined,
  request: contract.ClaimRequest,
  at: Instant,
): Decision<{ readonly outcome: contract.ClaimOutcome; readonly head: Head }> {
  const found = head ?? newHead(newEntry(request, at.nowMs));
  const outcome = head === undefined ? claimed(found.entry) : claimEntry(found.entry, request, at.nowMs);
  const answer = { outcome, head: found };
  return outcome.outcome === 'claimed' ? { answer, write: { put: found } } : { answer };
}

function refersTo(head: Head | undefined, cell: Cell): boolean {
  const own = head?.resultCell;
  if (own === undefined || 'bytes' in own || 'bytes' in cell) return false;
  return own.parts.token === cell.parts.token && own.parts.digest === cell.parts.digest;
}

/** Whether a refused decision was already applied: the answer was lost, and the client repeated the call. */
function isDone(tried: Head | 'removed', head: Head | undefined): boolean {
  if (tried === 'removed' || head === undefined) return tried === 'removed' && head === undefined;
  const { phase, token, changedAtMs, expiresAtMs } = tried.entry;
  const { entry, revision } = head;
  const isSame = entry.phase === phase && entry.token === token && revision === tried.revision + 1;
  return isSame && entry.changedAtMs === changedAtMs && entry.expiresAtMs === expiresAtMs;
}

function padResolution(resolution: contract.Resolution, at: Instant): contract.Resolution {
  if (resolution.decision === 'forget') return resolution;
  return { ...resolution, retentionMs: resolution.retentionMs + at.uncertaintyMs };
}
