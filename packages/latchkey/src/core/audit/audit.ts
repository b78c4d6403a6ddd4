/**
 * The audit: a list for each record, in which decisions are made one after another, and a log of all of them by day.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import { checkOption } from '../options/read-options.ts';
import { integer } from '../options/rules.ts';
import { withTimeLimit } from '../support/store-call.ts';
import { type AuditEntry, decodeEntry, encodeEntry } from './audit-entry.ts';
import { Chain, type Place } from './chain.ts';
import type { AuditTools } from './own-record.ts';

const dayMs = 86_400_000;
/** The entries of a record are in one or two periods, whatever the retention is. */
const recordPeriodMs = 400 * dayMs;
const maxPage = 1_000;
/** How long an entry of the log waits for earlier entries of this process. */
const turnMs = 10_000;

const retentions = new WeakMap<object, number>();

/** Default retention of entries. */
export const defaultRetentionMs = 400 * dayMs;

/** Sets the retention of entries that an operator or a hook of this process writes to the store from now on. */
export function keepEntriesFor(store: object, retentionMs: number): void {
  retentions.set(store, retentionMs);
}

/** This process's state of a store's log. */
interface LogEnd {
  /** The last known end, at which the search for the present end begins. */
  seen: Place;
  /** The last entry that is being written. */
  last: Promise<unknown>;
}

/** One per store, since hundreds of hooks after a crash would otherwise compete for the same position. */
const logEnds = new WeakMap<object, LogEnd>();

/** The arguments of `log`. */
export interface LogRequest {
  /** Earliest time of entries, in milliseconds since the epoch. Default: all entries. */
  readonly sinceMs?: number;
  /** Maximum number of entries, 1 to 1,000. */
  readonly limit: number;
  /** The `next` of the previous page. */
  readonly cursor?: string;
}

/** A page of the log, oldest first. */
export interface LogPage {
  readonly entries: readonly AuditEntry[];
  /** Present if there may be more. */
  readonly next?: string;
}

/** A written entry, and all earlier entries of the record's list. */
export interface Written {
  readonly entry: AuditEntry;
  readonly earlier: readonly AuditEntry[];
}

/** The audit of one store. */
export class Audit {
  readonly #tools: AuditTools;
  readonly #retentionMs: number;
  readonly #log: Chain;
  readonly #end: LogEnd;

  constructor(tools: AuditTools) {
    const retentionMs = retentions.get(tools.store) ?? defaultRetentionMs;
    this.#tools = tools;
    this.#retentionMs = retentionMs;
    this.#log = new Chain(tools, { name: ['log'], periodMs: dayMs, retentionMs });
    this.#end = logEnds.get(tools.store) ?? { seen: { period: 0, index: 0 }, last: Promise.resolve() };
    logEnds.set(tools.store, this.#end);
  }

  /** A record's entries, in their order. */
  async of(id: string): Promise<readonly AuditEntry[]> {
    const runs = await this.#runs(this.#chainOf(id));
    return runs.flat();
  }

  /**
   * Writes an entry into both lists: first into the record's, whose order is authoritative, then into the log. Wait for
   * it before acting on the entry, so that both lists show everything that is carried out.
   *
   * @param make - makes the entry from all earlier ones; it may be called several times.
   */
  async write(id: string, make: (earlier: readonly AuditEntry[]) => AuditEntry): Promise<Written> {
    const written = await this.#writeOfRecord(id, make);
    await this.#writeLog(written.entry);
    const { event, decision } = written.entry;
    this.#tools.emit?.({ type: 'audited', id, event, decision: decision?.kind });
    return written;
  }

  /** @throws LatchkeyError `option-invalid`. */
  async log({ sinceMs = 0, limit, cursor }: LogRequest): Promise<LogPage> {
    checkOption('log', 'limit', limit, integer({ min: 1, max: maxPage }));
    const [oldest, last] = this.#log.periods();
    const from = cursor === undefined ? { period: this.#log.periodAt(sinceMs), index: 0 } : readCursor(cursor);
    let place = from.period < oldest ? { period: oldest, index: 0 } : from;
    const entries: AuditEntry[] = [];
    for (;;) {
      const wanted = limit - entries.length;
      const run = await this.#log.run(place, wanted);
      entries.push(...run.map(decodeEntry).filter(({ atMs }) => atMs >= sinceMs));
      place = { period: place.period, index: place.index + run.length };
      if (entries.length === limit) return { entries, next: `${place.period}.${place.index}` };
      if (run.length === wanted) continue;
      const period = await this.#log.firstStarted(place.period + 1, last);
      if (period === undefined) return { entries };
      place = { period, index: 0 };
    }
  }

  #chainOf(id: string): Chain {
    return new Chain(this.#tools, {
      name: ['record', id],
      periodMs: recordPeriodMs,
      retentionMs: this.#retentionMs,
    });
  }

  #runs(chain: Chain): Promise<readonly (readonly AuditEntry[])[]> {
    const [first, last] = chain.periods();
    const periods = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    return Promise.all(
      periods.map(async (period) => (await chain.run({ period, index: 0 }, Number.MAX_SAFE_INTEGER)).map(decodeEntry)),
    );
  }

  async #writeOfRecord(id: string, make: (earlier: readonly AuditEntry[]) => AuditEntry): Promise<Written> {
    const chain = this.#chainOf(id);
    const period = chain.periodAt(this.#tools.runtime.clock.now());
    const runs = await this.#runs(chain);
    const index = runs[period - chain.periods()[0]]?.length ?? 0;
    const earlier = runs.flat();
    let entry: AuditEntry | undefined;
    const bytes = () => {
      entry = make(earlier);
      return encodeEntry(entry);
    };
    await chain.append({ period, index }, bytes, (written) => void earlier.push(decodeEntry(written)));
    if (entry === undefined) throw new TypeError('What was appended was made.');
    return { entry, earlier };
  }

  /**
   * Writes entries in turn. An entry that hangs delays the others only for a limited time, since any order is valid.
   */
  #writeLog(entry: AuditEntry): Promise<void> {
    const before = withTimeLimit(this.#tools.runtime, turnMs, this.#end.last).then(noop, noop);
    const writing = before.then(() => this.#appendToLog(entry));
    this.#end.last = writing.then(noop, noop);
    return writing;
  }

  async #appendToLog(entry: AuditEntry): Promise<void> {
    const period = this.#log.periodAt(entry.atMs);
    const index = await this.#endOfLog(period);
    const bytes = encodeEntry(entry);
    const place = await this.#log.append(
      { period, index },
      () => bytes,
      () => {},
    );
    this.#end.seen = { period, index: place.index + 1 };
  }

  /** The first free position of a day, by binary search, since a day may have thousands of entries. */
  async #endOfLog(period: number): Promise<number> {
    const isFree = async (index: number) => (await this.#log.at({ period, index })) === undefined;
    const seen = this.#end.seen.period === period ? this.#end.seen.index : 0;
    // A store that was restored or emptied has fewer entries than before, and entries after a gap would not be found.
    let written = seen > 0 && (await isFree(seen - 1)) ? -1 : seen - 1;
    let free = written + 1;
    for (let step = 1; !(await isFree(free)); step *= 2) {
      written = free;
      free += step;
    }
    while (free - written > 1) {
      const middle = Math.floor((written + free) / 2);
      if (await isFree(middle)) free = middle;
      else written = middle;
    }
    return free;
  }
}

function noop(): void {}

function readCursor(cursor: string): Place {
  const [period, index, ...rest] = String(cursor).split('.').map(Number);
  if (rest.length === 0 && isPlace(period) && isPlace(index)) return { period, index };
  throw new LatchkeyError('option-invalid', 'log: cursor must be the "next" of an earlier page.');
}

function isPlace(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
