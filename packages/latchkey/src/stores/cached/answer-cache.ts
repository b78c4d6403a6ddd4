/**
 * Answers of completed records, in memory, for a while.
 *
 * @module
 */

import type { StoredResult } from '../../core/store.ts';
import { PackedResult, unpacked } from '../record/packed-result.ts';

/** What a replay needs of a record. */
export interface Answer {
  readonly fingerprint: string;
  readonly operationId: string;
  readonly completedAtMs: number;
  readonly result: StoredResult;
}

interface Held extends Omit<Answer, 'result'> {
  readonly result: PackedResult;
  readonly servedUntil: number;
}

/** What an answer takes beside the bytes of its result: its names, and its place in the map. */
const overheadBytes = 512;

function sizeOf(result: { readonly byteLength: number }): number {
  return result.byteLength + overheadBytes;
}

/**
 * Holds at most so many bytes; the oldest answers make room for new ones. Every answer is dropped soon in any case, so
 * that which of them was asked for last need not be known.
 */
export class AnswerCache {
  readonly #maxBytes: number;
  /** In the order in which they came. */
  readonly #answers = new Map<string, Held>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The caller may change the bytes that it gets. */
  get(id: string, now: number): Answer | undefined {
    const held = this.#answers.get(id);
    if (held === undefined) return undefined;
    const { servedUntil, result, ...rest } = held;
    if (now < servedUntil) return { ...rest, result: unpacked(result) };
    this.#drop(id, held);
    return undefined;
  }

  /** @param servedUntil - on the clock that `get` is asked by. */
  set(id: string, answer: Answer, servedUntil: number): void {
    const held: Held = { ...answer, result: new PackedResult(answer.result), servedUntil };
    const size = sizeOf(held.result);
    if (size > this.#maxBytes) return;
    const before = this.#answers.get(id);
    if (before !== undefined) this.#drop(id, before);
    this.#makeRoom(this.#maxBytes - size);
    this.#answers.set(id, held);
    this.#bytes += size;
  }

  clear(): void {
    this.#answers.clear();
    this.#bytes = 0;
  }

  #makeRoom(limit: number): void {
    for (const [id, held] of this.#answers) {
      if (this.#bytes <= limit) return;
      this.#drop(id, held);
    }
  }

  #drop(id: string, held: Held): void {
    this.#answers.delete(id);
    this.#bytes -= sizeOf(held.result);
  }
}
