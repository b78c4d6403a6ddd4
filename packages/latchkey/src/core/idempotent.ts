/**
 * Makes a plain async function idempotent: queue consumers, webhooks, jobs.
 *
 * @module
 */

import { type Codec, decodeValue, encodeValue, stringify } from './codec.ts';
import type { Answering, Context, FinalWrite, Jsonify } from './context.ts';
import { principalDigest, recordId } from './digest.ts';
import { Engine } from './engine.ts';
import { LatchkeyError, LeaseLostError, NothingHappened, StoreUnavailableError } from './errors.ts';
import { fingerprintDigests } from './fingerprint-digests.ts';
import { checkFunctionOptions, type IdempotentOptions } from './function-options.ts';
import { decodeFailure, encodeFailure, encodeSuccess, isFailure, successBytes } from './function-result.ts';
import type { Operation, Outcome, Verdict } from './operation.ts';
import { completeSettings } from './options-check.ts';
import type { StoredResult, TransactionKind } from './store.ts';

const maxKeyLength = 255;

const valueCodec: Codec<unknown> = { encode: encodeValue, decode: decodeValue };

function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Calls without an identity must not share one. */
function principalOf<Input>(name: string, input: Input, principal: ((input: Input) => string) | undefined): string {
  if (principal === undefined) return '';
  const identity: unknown = principal(input);
  if (typeof identity === 'string' && identity !== '') return identity;
  throw new LatchkeyError('principal-missing', `The principal of ${name} must be a string that is not empty.`);
}

function checkedKey(name: string, key: unknown): string {
  if (typeof key === 'string' && key.length > 0 && key.length <= maxKeyLength) return key;
  throw new LatchkeyError('key-invalid', `The key of ${name} must be a string of 1 to ${maxKeyLength} characters.`);
}

/** The error of an outcome that gives no result; undefined if the function ran or is replayed. */
function refusal(name: string, outcome: Outcome): LatchkeyError | undefined {
  switch (outcome.kind) {
    case 'mismatch':
      return new LatchkeyError('key-reused', `This key of ${name} was used for another payload. Use a new key.`);
    case 'in-progress': {
      const { retryAfterMs } = outcome;
      return new LatchkeyError('in-progress', `${name} is running for this key. Try again later.`, { retryAfterMs });
    }
    case 'outcome-unknown':
      return new LatchkeyError(
        'outcome-unknown',
        `A worker died while it ran ${name} for this key. Resolve the record.`,
      );
    case 'unavailable':
      return outcome.error;
    default:
      return undefined;
  }
}

/** What is wrong with an answer that could not be recorded; undefined if the answer may go out. */
function recordingError(outcome: Outcome): LatchkeyError | undefined {
  if (outcome.kind !== 'executed') return undefined;
  if (outcome.recorded === 'lost') return new LeaseLostError('Another worker took this record over. Try again.');
  const unstored = outcome.recorded === 'unstored' && outcome.policy === 'rerun';
  return unstored ? new StoreUnavailableError('The result could not be stored. Try again.') : undefined;
}

/** Makes the operation of a call. */
function operations<Input, Result, Kind extends TransactionKind>(options: IdempotentOptions<Input, Result, Kind>) {
  const { name } = options;
  const settings = completeSettings(`idempotent(${name})`, options);
  const digestsOf = fingerprintDigests(options.fingerprintSecrets ?? []);
  return (input: Input): Operation => {
    const principal = principalOf(name, input, options.principal);
    const payload = options.payload === undefined ? input : options.payload(input);
    const acceptable = digestsOf('f1', stringify(payload, sortMembers) ?? '');
    return {
      id: recordId(principal, [name], checkedKey(name, options.key(input))),
      principal: principalDigest(principal),
      name,
      fingerprint: acceptable[0] ?? '',
      acceptable,
      settings,
    };
  };
}

const noBytes = new Uint8Array();

/** One call: remembers what its run made, so that the caller gets the same as every replay. */
class Call<Result> implements Answering<Result, Jsonify<Result>> {
  made: StoredResult | undefined;
  thrown: { readonly error: unknown } | undefined;
  #finished = false;
  readonly #codec: Codec<Result>;

  constructor(codec: Codec<Result>) {
    this.#codec = codec;
  }

  encode(value: Result): FinalWrite {
    this.made = { kind: 'value', bytes: encodeSuccess(this.#codec.encode(value)) };
    return { result: this.made, tombstone: noBytes };
  }

  finished(value: Result): Jsonify<Result> {
    this.#finished = true;
    return this.#codec.decode(this.#codec.encode(value)) as Jsonify<Result>;
  }

  /** Once `finish` has committed, its answer stands, whatever the function does afterwards. */
  async run(fn: () => Promise<Result> | Result): Promise<Verdict> {
    try {
      const value = await fn();
      return this.#committed() ?? { outcome: 'done', ...this.encode(value) };
    } catch (error) {
      return this.#committed() ?? this.#failed(error);
    }
  }

  #committed(): Verdict | undefined {
    return this.#finished && this.made ? { outcome: 'done', result: this.made, tombstone: noBytes } : undefined;
  }

  #failed(error: unknown): Verdict {
    this.thrown = { error };
    const result: StoredResult = { kind: 'value', bytes: encodeFailure(error) };
    return { outcome: error instanceof NothingHappened ? 'released' : 'failed', result, tombstone: noBytes };
  }
}

function openResult<Result>(name: string, codec: Codec<Result>, result: StoredResult | undefined): Jsonify<Result> {
  if (result === undefined || result.kind === 'tombstone') {
    throw new LatchkeyError('response-not-kept', `${name} is done for this key; its result was too large to keep.`);
  }
  if (isFailure(result.bytes)) throw decodeFailure(name, result.bytes);
  return codec.decode(successBytes(result.bytes)) as Jsonify<Result>;
}

/**
 * Wraps `fn`, a function of one input, so that calls with the same key run it once, and every further call gets the
 * first result. Its second argument is the context; `context.finish(…)` resolves with the final value.
 *
 * @returns a function of the same input; its results have been through the codec on the first call too.
 * @throws LatchkeyError (from the function returned) `in-progress`, `key-reused`, `outcome-unknown`, `key-invalid`,
 * `principal-missing`, `value-invalid` (a payload without JSON), `store-unavailable`, `response-not-kept`,
 * `operation-failed` (a failure of an earlier call, replayed). What `fn` throws is thrown on.
 * @throws LatchkeyError (at once) `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * const ship = idempotent(async (order: Order) => carrier.ship(order), {
 *   store: sqliteStore({ database: 'jobs.db' }), name: 'ship', key: (order) => order.id,
 * })
 * await ship(order) // ships
 * await ship(order) // the same result, nothing ships
 * ```
 */
export function idempotent<Input, Result, Kind extends TransactionKind = never>(
  fn: (input: Input, context: Context<Kind, Result, Jsonify<Result>>) => Promise<Result> | Result,
  options: IdempotentOptions<Input, Result, Kind>,
): (input: Input) => Promise<Jsonify<Result>> {
  checkFunctionOptions(options);
  const operationOf = operations(options);
  const { name, codec = valueCodec as Codec<Result> } = options;
  const engine = new Engine<Kind>(options);
  return async (input) => {
    const call = new Call(codec);
    const outcome = await engine.run<Result, Jsonify<Result>>(
      operationOf(input),
      (context) => call.run(() => fn(input, context)),
      call,
    );
    if (call.thrown !== undefined) throw call.thrown.error;
    const error = refusal(name, outcome) ?? recordingError(outcome);
    if (error !== undefined) throw error;
    return openResult(name, codec, outcome.kind === 'replay' ? outcome.result : call.made);
  };
}
