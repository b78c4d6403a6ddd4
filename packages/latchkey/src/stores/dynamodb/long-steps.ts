/**
 * Steps that are too long for a single update: the whole record is read and written for each of them.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { Owner, SaveStepRequest } from '../../core/store.ts';
import { holds } from '../record/own-entry.ts';
import type { Instant } from './clock.ts';
import type { Decision, Records } from './records.ts';
import { type Head, stepSize } from './row.ts';
import { inlineStepBytes } from './statements.ts';

/** An item may have 409,600 bytes; the rest is reserved for its other attributes. */
const mostItemBytes = 390_000;
/** Bytes reserved for a result. */
const resultBytes = 36_864;

/** Whether a step fits among the short ones. */
export function hasRoom(head: Head, name: string, value: Uint8Array): boolean {
  return usedBytes(head) + stepSize(name, { bytes: value }) <= inlineStepBytes;
}

function usedBytes({ stepCells }: Head): number {
  return [...stepCells].reduce((sum, [saved, cell]) => sum + stepSize(saved, cell), 0);
}

/** Saves long steps. */
export class LongSteps {
  readonly #records: Records;
  /** The last save of each record in this process. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(records: Records) {
    this.#records = records;
  }

  /**
   * Concurrent steps of one record are saved one after another; otherwise they would keep conflicting.
   *
   * @throws LatchkeyError `too-many-steps` if it does not fit into the record's item.
   */
  save(request: SaveStepRequest, at: Instant): Promise<boolean> {
    const { id } = request;
    const before = this.#last.get(id) ?? Promise.resolve();
    const saving = before.then(() => this.#save(request, at));
    const ended = saving.then(
      () => {},
      () => {},
    );
    this.#last.set(id, ended);
    void ended.then(() => this.#last.get(id) === ended && this.#last.delete(id));
    return saving;
  }

  /** Adds a step to a record before it is written. */
  async add(owner: Owner, head: Head, name: string, value: Uint8Array): Promise<void> {
    if (head.stepCells.has(name)) return;
    if (hasRoom(head, name, value)) return void head.stepCells.set(name, { bytes: value });
    checkRoom(head, name);
    head.stepCells.set(name, await this.#records.storeStep(owner, head, value));
  }

  #save(request: SaveStepRequest, at: Instant): Promise<boolean> {
    return this.#records.change(request.id, at, async (head): Promise<Decision<boolean>> => {
      if (head === undefined || !holds(head.entry, request)) return { answer: false };
      if (head.stepCells.has(request.name)) return { answer: true };
      await this.add(request, head, request.name, request.value);
      return { answer: true, write: { put: head } };
    });
  }
}

function checkRoom(head: Head, name: string): void {
  const { request } = head.entry;
  const reserved = Math.max(resultBytes, request instanceof Uint8Array ? request.byteLength : 0);
  if (usedBytes(head) + stepSize(name, 'in parts') + reserved > mostItemBytes)
    throw full(name, head.stepCells.size + 1);
}

function full(name: string, steps: number): LatchkeyError {
  return new LatchkeyError(
    'too-many-steps',
    `The step ${JSON.stringify(name)} was not saved: ${steps} steps do not fit into a DynamoDB item. Do more in each step, or use shorter step names.`,
  );
}
