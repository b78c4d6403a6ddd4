/**
 * A list that can only grow, made of records: entry n is the record whose id is a digest of the list's name and n. A
 * claim succeeds once, so that every entry has one place and one writer, however many processes write at once.
 *
 * A list is cut into periods, and all entries of a period expire together: otherwise the first ones would expire
 * before the last, which could then not be found by counting.
 *
 * @module
 */

import { digestParts } from '../support/digest.ts';
import { type AuditTools, operatorPrincipal, readOwn, writeOnce } from './own-record.ts';

/** The options of a list. */
export interface ChainOptions {
  readonly name: readonly string[];
  readonly periodMs: number;
  /** Minimum time for which an entry is kept; it is kept for at most one period longer. */
  readonly retentionMs: number;
}

/** Where an entry is. */
export interface Place {
  readonly period: number;
  readonly index: number;
}

/** Maximum number of concurrent reads. They start at one and double each time, since most lists are empty or short. */
const mostAtOnce = 32;

/** A list of records that can only grow: each place can be claimed once. Entries are bytes. */
export class Chain {
  readonly #tools: AuditTools;
  readonly #options: ChainOptions;

  constructor(tools: AuditTools, options: ChainOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  periodAt(timeMs: number): number {
    return Math.floor(timeMs / this.#options.periodMs);
  }

  /** Periods that may hold entries: those not expired, and the next one, since clocks differ. */
  periods(): readonly [first: number, last: number] {
    const now = this.#tools.runtime.clock.now();
    return [this.periodAt(now - this.#options.retentionMs), this.periodAt(now) + 1];
  }

  at(place: Place): Promise<Uint8Array | undefined> {
    return readOwn(this.#tools, this.#id(place));
  }

  /** Up to `limit` entries of a period, from `index` on; fewer if there are no more. */
  async run({ period, index }: Place, limit: number): Promise<readonly Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (let width = 1; found.length < limit; width = Math.min(2 * width, mostAtOnce)) {
      const count = Math.min(width, limit - found.length);
      const places = Array.from({ length: count }, (_, offset) => ({ period, index: index + found.length + offset }));
      const batch = await Promise.all(places.map((place) => this.at(place)));
      const end = batch.indexOf(undefined);
      found.push(...batch.slice(0, end === -1 ? count : end).filter((bytes) => bytes !== undefined));
      if (end !== -1) break;
    }
    return found;
  }

  /** The first of these periods that has an entry. */
  async firstStarted(from: number, to: number): Promise<number | undefined> {
    for (let first = from; first <= to; first += mostAtOnce) {
      const periods = Array.from({ length: Math.min(mostAtOnce, to - first + 1) }, (_, offset) => first + offset);
      const firsts = await Promise.all(periods.map((period) => this.at({ period, index: 0 })));
      const started = periods.find((_, index) => firsts[index] !== undefined);
      if (started !== undefined) return started;
    }
    return undefined;
  }

  /**
   * Writes an entry at the first free place from `place` on.
   *
   * @param make - called while no other writer can add anything before the entry; called again if this writer was too
   * slow.
   * @param passed - called with each entry that others have written meanwhile.
   * @returns where the entry is.
   */
  async append(place: Place, make: () => Uint8Array, passed: (bytes: Uint8Array) => void): Promise<Place> {
    const { period } = place;
    for (let { index } = place; ; index += 1) {
      const written = await writeOnce(this.#tools, this.#record({ period, index }), make);
      if (written === undefined) return { period, index };
      passed(written);
    }
  }

  #record(place: Place) {
    const { periodMs, retentionMs } = this.#options;
    const endsAtMs = (place.period + 1) * periodMs + retentionMs;
    return {
      id: this.#id(place),
      principal: operatorPrincipal,
      operation: 'latchkey:audit',
      retentionMs: Math.max(endsAtMs - this.#tools.runtime.clock.now(), 1),
    };
  }

  #id({ period, index }: Place): string {
    return digestParts('audit', ...this.#options.name, String(period), String(index));
  }
}
