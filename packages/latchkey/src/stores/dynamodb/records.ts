/**
 * Records in the table. Changes are conditional on the record not having changed since it was read.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Owner, StoredResult } from '../../core/store.ts';
import { isExpired } from '../record/entry.ts';
import type { Cell } from './attributes.ts';
import type { FoundItem } from './client.ts';
import type { Instant } from './clock.ts';
import type { Refused } from './connection.ts';
import { unreadable } from './errors.ts';
import type { Parts } from './parts.ts';
import { decodeRecord, encodeRecord, type Head, removalSeconds } from './row.ts';
import { absentOrExpired, unchanged } from './statements.ts';
import type { Change, Table } from './table.ts';

/** Number of attempts for a write whose record others keep changing. */
const tries = 20;

/** Parts of steps are kept this much longer than necessary, in seconds. */
const stepSlackSeconds = 30 * 24 * 3_600;

/** An answer, and the write that must succeed for it. */
export interface Decision<T> {
  readonly answer: T;
  readonly write?: { readonly put: Head } | 'remove';
}

/** Decides about a record, which is undefined if it is absent or expired. */
export type Decide<T> = (head: Head | undefined) => Decision<T> | Promise<Decision<T>>;

/** The records of a store. */
export class Records {
  readonly table: Table;
  readonly parts: Parts;

  constructor(table: Table, parts: Parts) {
    this.table = table;
    this.parts = parts;
  }

  /** The record, if it exists and has not expired. */
  async find(id: string, at: Instant): Promise<Head | undefined> {
    return this.live(id, await this.table.get(this.table.recordKey(id)), at);
  }

  /** The record in an item that was found. */
  live(id: string, found: FoundItem | undefined, at: Instant): Head | undefined {
    const head = found && decodeRecord(id, found);
    return head === undefined || isExpired(head.entry, at.nowMs) ? undefined : head;
  }

  /** Decides about the record `found`; again about the current record, if it has changed. */
  async revise<T>(id: string, found: FoundItem | undefined, at: Instant, decide: Decide<T>): Promise<T> {
    let item = found;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const head = this.live(id, item, at);
      const decision = await decide(head);
      const refused = await this.#write(id, head, decision.write, at);
      if (refused === undefined) return decision.answer;
      item = refused.found;
    }
    throw contended();
  }

  /** Reads, then {@link revise}. */
  async change<T>(id: string, at: Instant, decide: Decide<T>): Promise<T> {
    return this.revise(id, await this.table.get(this.table.recordKey(id)), at, decide);
  }

  /**
   * Makes a conditional change. `refused` returns the answer if the condition failed; undefined to try the change
   * again.
   */
  async own<T>(
    id: string,
    at: Instant,
    change: Change,
    refused: (head: Head | undefined) => T | undefined,
  ): Promise<{ readonly done: FoundItem } | { readonly answer: T; readonly head: Head | undefined }> {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const written = await this.table.update(this.table.recordKey(id), change);
      if ('done' in written) return written;
      const head = this.live(id, written.found, at);
      const answer = refused(head);
      if (answer !== undefined) return { answer, head };
      if (head !== undefined) await this.#keepSteps(head, change);
    }
    throw contended();
  }

  /** Stores a step's value in parts that are kept as long as the record. */
  async storeStep(owner: Owner, head: Head, value: Uint8Array): Promise<Cell> {
    const untilSeconds = stepsUntil(head.entry.expiresAtMs);
    head.stepsKeptUntil = Math.min(head.stepsKeptUntil ?? untilSeconds, untilSeconds);
    return this.parts.store(owner, value, untilSeconds);
  }

  /** Loads the parts of the steps; false if some are gone. */
  async loadSteps({ entry, stepCells }: Head): Promise<boolean> {
    for (const [name, cell] of stepCells) {
      if ('bytes' in cell) continue;
      const bytes = await this.parts.load(entry.id, cell.parts);
      if (bytes === undefined) return false;
      entry.steps?.set(name, bytes);
    }
    return true;
  }

  /** The result, loaded if it is in parts; undefined if parts are gone. */
  async loadResult({ entry, resultCell }: Head): Promise<StoredResult | undefined> {
    if (entry.result === undefined || resultCell === undefined || 'bytes' in resultCell) return entry.result;
    const bytes = await this.parts.load(entry.id, resultCell.parts);
    return bytes && { kind: entry.result.kind, bytes };
  }

  /** Removes all parts that a record refers to. */
  async removeParts({ entry, stepCells, resultCell }: Head): Promise<void> {
    for (const cell of [...stepCells.values(), resultCell]) await this.parts.remove(entry.id, cell);
  }

  async #write(id: string, head: Head | undefined, write: Decision<unknown>['write'], at: Instant) {
    if (write === undefined) return undefined;
    const key = this.table.recordKey(id);
    if (write !== 'remove') {
      await this.prolongSteps(write.put);
      const guard = write.put.revision === 0 ? absentOrExpired(at) : unchanged(write.put);
      return this.table.putIf(encodeRecord(key, write.put), guard);
    }
    return head && this.#remove(key, head);
  }

  async #remove(key: string, head: Head): Promise<Refused | undefined> {
    const refused = await this.table.removeIf(key, unchanged(head));
    if (refused === undefined) await this.removeParts(head);
    return refused;
  }

  /** The change would make the record outlive parts of its steps, so those are extended first. */
  async #keepSteps(head: Head, change: Change): Promise<void> {
    const wanted = Number(Reflect.get(Object(change.values[':ttl']), 'N'));
    if (!(await this.#keepStepsUntil(head, wanted))) return;
    await this.table.putIf(encodeRecord(this.table.recordKey(head.entry.id), head), unchanged(head));
  }

  /** Makes parts of steps outlive the record that will be written. */
  async prolongSteps(head: Head): Promise<void> {
    await this.#keepStepsUntil(head, removalSeconds(head.entry.expiresAtMs));
  }

  async #keepStepsUntil(head: Head, seconds: number): Promise<boolean> {
    if (head.stepsKeptUntil === undefined || !(head.stepsKeptUntil < seconds)) return false;
    head.stepsKeptUntil = seconds + stepSlackSeconds;
    for (const cell of head.stepCells.values()) {
      if ('bytes' in cell) continue;
      if (!(await this.parts.keep(head.entry.id, cell.parts, head.stepsKeptUntil))) throw partsMissing();
    }
    return true;
  }
}

/** The error for a record whose parts are missing or changed. */
export function partsMissing() {
  return unreadable('parts of a value are missing or changed');
}

function contended(): StoreUnavailableError {
  return new StoreUnavailableError('Other workers kept changing the record; the call was given up.');
}

function stepsUntil(expiresAtMs: number): number {
  return removalSeconds(expiresAtMs) + stepSlackSeconds;
}
