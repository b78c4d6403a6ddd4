/**
 * Records in a map. Every method is one synchronous step, so nothing runs between a read and a write.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import { claimEntry, claimed } from '../record/claim-entry.ts';
import { isExpired, stateOf, takesPayload, toStoredRecord } from '../record/entry.ts';
import * as owning from '../record/own-entry.ts';
import { readCursor } from '../shared/paging.ts';
import { Watchers } from '../shared/watchers.ts';
import {
  type MemoryEntry,
  newMemoryEntry,
  PackedResult,
  requestBytes,
  resultBytes,
  stepBytes,
} from './memory-entry.ts';

/** The limits of a memory store. */
export interface MemoryLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxResultBytes: number;
}

/**
 * Each created record checks this many others. A round over all records therefore takes at most a quarter as many new
 * records, and there are at most a third as many expired records as live ones.
 */
const looksPerRecord = 4;

/** A full store checks at most this many records per millisecond, since refusals must be cheap. */
const looksPerMs = 1_000;

const retryWhenFullMs = 1_000;

/** See `memoryStore`. */
export class MemoryStore implements contract.OperatorStore {
  readonly name = 'memory';
  readonly volatile = true;
  readonly #entries = new Map<string, MemoryEntry>();
  readonly #watchers = new Watchers();
  readonly #limits: MemoryLimits;
  readonly #clock: Clock;
  /** The position of the sweep, which cycles through all records. */
  #round = this.#entries.values();
  /** When a full store may check all of its records again, on the monotonic clock. */
  #sweepAllAtMs = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  #bytes = 0;
  #closed = false;

  constructor(limits: MemoryLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    const nowMs = this.#now();
    const entry = this.#find(request.id, nowMs);
    if (entry === undefined) return claimed(this.#create(request, nowMs));
    if (takesPayload(entry, request)) this.#makeRoomForRequest(entry, request, nowMs);
    const outcome = claimEntry(entry, request, nowMs);
    if (outcome.outcome === 'completed') return { ...outcome, result: unpacked(outcome.result) };
    if (outcome.outcome !== 'claimed') return outcome;
    this.#keepRequest(entry, request.request);
    return outcome;
  }

  async renew(request: contract.RenewRequest): Promise<boolean> {
    const nowMs = this.#now();
    const entry = this.#find(request.id, nowMs);
    return entry !== undefined && owning.renewEntry(entry, request, nowMs) && this.#changed(entry);
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const nowMs = this.#now();
    const entry = this.#find(request.id, nowMs);
    if (entry === undefined) return 'lost';
    const before = entry.result;
    const outcome = owning.completeEntry(entry, request, nowMs, (bytes) => this.#hasRoomFor(bytes, entry));
    if (entry.result !== before) this.#keepResult(entry);
    return outcome;
  }

  async release(request: contract.ReleaseRequest): Promise<boolean> {
    const nowMs = this.#now();
    const entry = this.#find(request.id, nowMs);
    return entry !== undefined && owning.releaseEntry(entry, request, nowMs) && this.#changed(entry);
  }

  async abandon(request: contract.AbandonRequest): Promise<boolean> {
    const nowMs = this.#now();
    const entry = this.#find(request.id, nowMs);
    return entry !== undefined && owning.abandonEntry(entry, request, nowMs) && this.#changed(entry);
  }

  async saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    const entry = this.#find(request.id, this.#now());
    if (entry === undefined || !owning.holds(entry, request)) return false;
    if (entry.steps?.has(request.name)) return true;
    const bytes = stepBytes(request.name, request.value);
    if (this.#bytes + bytes > this.#limits.maxBytes) throw full();
    this.#charge(entry, bytes);
    return owning.saveStepInEntry(entry, { ...request, value: new Uint8Array(request.value) });
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.watch(id, onChange);
  }

  async read(id: string): Promise<contract.StoredRecord | undefined> {
    const nowMs = this.#now();
    const entry = this.#find(id, nowMs);
    return entry && withRequest(entry, view(entry, nowMs));
  }

  async list(request: contract.ListRequest): Promise<contract.RecordPage> {
    const nowMs = this.#now();
    const [after = 0] = readCursor(request, 1);
    const found: MemoryEntry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.sequence <= after || isExpired(entry, nowMs) || stateOf(entry, nowMs) !== request.state) continue;
      if (found.length === request.limit) return page(found, nowMs, String(found.at(-1)?.sequence));
      found.push(entry);
    }
    return page(found, nowMs);
  }

  async resolve(request: contract.ResolveRequest): Promise<boolean> {
    const nowMs = this.#now();
    const entry = this.#find(request.id, nowMs);
    const outcome = entry === undefined ? 'refused' : owning.resolveEntry(entry, request, nowMs);
    if (entry === undefined || outcome === 'refused') return false;
    if (outcome === 'removed') this.#remove(entry);
    else if (entry.result !== undefined) this.#keepResult(entry);
    else this.#changed(entry);
    return true;
  }

  async erase(principal: string): Promise<number> {
    const nowMs = this.#now();
    let erased = 0;
    for (const entry of this.#entries.values()) {
      if (entry.principal !== principal) continue;
      this.#remove(entry);
      if (!isExpired(entry, nowMs)) erased += 1;
    }
    return erased;
  }

  async sweep(limit: number): Promise<number> {
    return this.#sweep(this.#now(), limit, this.#wholeRound);
  }

  async ping(): Promise<void> {
    this.#now();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#entries.clear();
    this.#watchers.clear();
  }

  #now(): number {
    if (this.#closed) throw new StoreUnavailableError('The memory store was closed.');
    return this.#clock.now();
  }

  #find(id: string, nowMs: number): MemoryEntry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || !isExpired(entry, nowMs)) return entry;
    this.#remove(entry);
    return undefined;
  }

  #create(request: contract.ClaimRequest, nowMs: number): MemoryEntry {
    const entry = newMemoryEntry(request, nowMs, this.#sequence + 1);
    this.#sweep(nowMs, looksPerRecord, looksPerRecord);
    if (this.#isFull(entry.bytes)) this.#sweepAll(nowMs);
    if (this.#isFull(entry.bytes)) throw full();
    this.#sequence += 1;
    this.#entries.set(entry.id, entry);
    this.#bytes += entry.bytes;
    return entry;
  }

  #isFull(bytes: number): boolean {
    return this.#entries.size >= this.#limits.maxRecords || this.#bytes + bytes > this.#limits.maxBytes;
  }

  /** The result replaces the request. */
  #hasRoomFor(bytes: number, entry: MemoryEntry): boolean {
    const after = this.#bytes - entry.requestBytes + resultBytes(bytes);
    return bytes <= this.#limits.maxResultBytes && after <= this.#limits.maxBytes;
  }

  #makeRoomForRequest(entry: MemoryEntry, { request }: contract.ClaimRequest, nowMs: number): void {
    const more = requestBytes(request) - entry.requestBytes;
    if (more > 0 && this.#bytes + more > this.#limits.maxBytes) this.#sweepAll(nowMs);
    if (more > 0 && this.#bytes + more > this.#limits.maxBytes) throw full();
  }

  /** Keeps a copy of the request from the record's claim, and counts the memory of its current request. */
  #keepRequest(entry: MemoryEntry, given?: Uint8Array): void {
    if (given !== undefined && entry.request === given) entry.request = new Uint8Array(given);
    const bytes = requestBytes(entry.request);
    if (bytes === entry.requestBytes) return;
    this.#charge(entry, bytes - entry.requestBytes);
    entry.requestBytes = bytes;
  }

  #keepResult(entry: MemoryEntry): void {
    if (entry.result === undefined) return;
    const packed = new PackedResult(entry.result);
    entry.result = packed;
    this.#charge(entry, resultBytes(packed.byteLength));
    this.#keepRequest(entry);
    this.#changed(entry);
  }

  #charge(entry: MemoryEntry, bytes: number): void {
    entry.bytes += bytes;
    this.#bytes += bytes;
  }

  #changed(entry: MemoryEntry): true {
    this.#watchers.notify(entry.id);
    return true;
  }

  #remove(entry: MemoryEntry): void {
    this.#entries.delete(entry.id);
    this.#bytes -= entry.bytes;
    this.#watchers.notify(entry.id);
  }

  #sweepAll(nowMs: number): void {
    const startMs = this.#clock.monotonic();
    if (startMs < this.#sweepAllAtMs) return;
    this.#sweepAllAtMs = startMs + this.#entries.size / looksPerMs;
    this.#sweep(nowMs, Number.POSITIVE_INFINITY, this.#wholeRound);
  }

  /** One step for each record, and one to return to the first. */
  get #wholeRound(): number {
    return this.#entries.size + 1;
  }

  /** Continues the round for up to `steps` records and removes up to `limit` expired ones; returns how many. */
  #sweep(nowMs: number, limit: number, steps: number): number {
    let swept = 0;
    for (let step = 0; step < steps && swept < limit; step += 1) {
      const next = this.#round.next();
      if (next.done) this.#round = this.#entries.values();
      else if (isExpired(next.value, nowMs)) {
        this.#remove(next.value);
        swept += 1;
      }
    }
    return swept;
  }
}

function view(entry: MemoryEntry, nowMs: number): contract.StoredRecord {
  const record = toStoredRecord(entry, nowMs);
  return record.result === undefined ? record : { ...record, result: unpacked(record.result) };
}

/** A copy for the caller, read once. */
function unpacked({ kind, bytes }: contract.StoredResult): contract.StoredResult {
  return { kind, bytes };
}

function withRequest({ request }: MemoryEntry, record: contract.StoredRecord): contract.StoredRecord {
  return request instanceof Uint8Array ? { ...record, request: new Uint8Array(request) } : record;
}

function page(entries: readonly MemoryEntry[], nowMs: number, next?: string): contract.RecordPage {
  const records = entries.map((entry) => view(entry, nowMs));
  return next === undefined ? { records } : { records, next };
}

function full(): StoreUnavailableError {
  return new StoreUnavailableError('The memory store is full, and none of its records has expired.', {
    retryAfterMs: retryWhenFullMs,
    full: true,
  });
}
