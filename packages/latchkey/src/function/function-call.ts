/**
 * One call of an idempotent function.
 *
 * @module
 */

import type { Answering, FinalWrite, Jsonify } from '../core/context.ts';
import { LatchkeyError, NothingHappenedError } from '../core/errors.ts';
import type { RunResult } from '../core/operation.ts';
import type { StoredResult } from '../core/store.ts';
import type { Codec } from '../core/support/codec.ts';
import { encodeFailure, encodeSuccess } from './result.ts';

const noBytes = new Uint8Array();

/** How the results of a call are stored. */
export interface Keeping<Result> {
  readonly codec: Codec<Result>;
  /** Whether a result is kept; false releases the record. */
  readonly keep: ((result: Result) => boolean) | undefined;
}

/** Keeps the result of its run, so that the caller gets the same as every replay. */
export class FunctionCall<Result> implements Answering<Result, Jsonify<Result>> {
  made: StoredResult | undefined;
  thrown: { readonly error: unknown } | undefined;
  #finished = false;
  readonly #keeping: Keeping<Result>;

  constructor(keeping: Keeping<Result>) {
    this.#keeping = keeping;
  }

  encode(value: Result): FinalWrite {
    this.made = { kind: 'value', bytes: encodeSuccess(this.#keeping.codec.encode(value)) };
    return { result: this.made, tombstone: noBytes };
  }

  finished(value: Result): Jsonify<Result> {
    this.#finished = true;
    const { codec } = this.#keeping;
    return codec.decode(codec.encode(value)) as Jsonify<Result>;
  }

  /** Once `finish` has committed, its answer is final, whatever the function does afterwards. */
  async run(fn: () => Promise<Result> | Result): Promise<RunResult> {
    try {
      const value = await fn();
      return this.#committed() ?? { outcome: this.#isKept(value) ? 'done' : 'released', ...this.encode(value) };
    } catch (error) {
      return this.#committed() ?? this.#failed(error);
    }
  }

  #isKept(value: Result): boolean {
    return this.#keeping.keep?.(value) !== false;
  }

  #committed(): RunResult | undefined {
    return this.#finished && this.made ? { outcome: 'done', result: this.made, tombstone: noBytes } : undefined;
  }

  #failed(error: unknown): RunResult {
    this.thrown = { error };
    const result: StoredResult = { kind: 'value', bytes: encodeFailure(error) };
    return { outcome: outcomeOf(error), result, tombstone: noBytes };
  }
}

/**
 * Codes of another idempotent call whose operation is still undecided; they must not be kept as this call's failure.
 */
const undecided: ReadonlySet<string> = new Set(['in-progress', 'key-quarantined', 'outcome-unknown']);

function outcomeOf(error: unknown): RunResult['outcome'] {
  if (error instanceof NothingHappenedError) return 'nothing-happened';
  return error instanceof LatchkeyError && undecided.has(error.code) ? 'not-final' : 'failed';
}
