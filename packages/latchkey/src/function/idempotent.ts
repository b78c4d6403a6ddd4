/**
 * Makes a plain async function idempotent, for queue consumers, webhooks and jobs.
 *
 * @module
 */

import type { Completable } from '../core/completable.ts';
import type { Answering, AnyContext, Context, Jsonify } from '../core/context.ts';
import { readOptions } from '../core/options/read-options.ts';
import type { OperationSettings } from '../core/settings.ts';
import type { TransactionKind } from '../core/store.ts';
import { type Codec, decodeValue, encodeValue } from '../core/support/codec.ts';
import { callsOf } from './calls.ts';
import { FunctionCall, type Keeping } from './function-call.ts';
import { type FunctionSettings, functionTable, type IdempotentOptions } from './options.ts';

const valueCodec: Codec<unknown> = { encode: encodeValue, decode: decodeValue };

/** A function that is made idempotent. */
export type IdempotentBody<Input, Result, Kind extends TransactionKind> = (
  input: Input,
  context: Context<Kind, Result, Jsonify<Result>>,
) => Promise<Result> | Result;

/** An idempotent function, and its interface for a completer. */
export interface IdempotentFunction<Input, Result> {
  (input: Input): Promise<Jsonify<Result>>;
  /** For `completer({ operations: [ship.completable] })`; needs `saveInput` and `afterFailure: 'rerun'`. */
  readonly completable: Completable;
}

/**
 * Wraps `fn`, a function of one input, so that calls with the same key run it once and every further call gets the
 * first result. Its second argument is the context; `context.finish(…)` resolves with the final value.
 *
 * @returns a function of the same input, whose results have been encoded and decoded on the first call too. With
 * `saveInput` its member `completable` lets a completer finish the calls of a dead worker.
 * @throws LatchkeyError (from the function returned) `in-progress`, `key-reused`, `outcome-unknown`, `key-invalid`,
 * `principal-missing`, `value-invalid` (a payload that is not JSON), `store-unavailable`, `response-not-kept`,
 * `operation-failed` (a failure of an earlier call, replayed). Errors that `fn` throws are rethrown.
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
  fn: IdempotentBody<Input, Result, Kind>,
  options: IdempotentOptions<Input, Result, Kind>,
): IdempotentFunction<Input, Result> {
  const read = readOptions('idempotent()', functionTable, options);
  const { codec = valueCodec as Codec<Result>, keep } = read;
  const { settings, run } = callsOf<Input, Kind>('idempotent()', read);
  const call = (input: Input) => run<Result>(input, (context) => fn(input, context), { codec, keep });
  return Object.assign(call, { completable: completableOf(fn, { codec, keep }, settings, read) });
}

/** Reruns calls from their saved input, which was encoded as JSON. */
function completableOf<Input, Result, Kind extends TransactionKind>(
  fn: IdempotentBody<Input, Result, Kind>,
  keeping: Keeping<Result>,
  settings: OperationSettings,
  { name, saveInput }: FunctionSettings<Input, Result, Kind>,
): Completable {
  return {
    settings,
    savesRequests: saveInput,
    matches: (operation) => operation === name,
    begin: (_operation, request) => {
      const call = new FunctionCall(keeping);
      const input = decodeValue(request) as Input;
      return {
        answering: call as Answering<unknown, unknown>,
        handler: async (context: AnyContext) => {
          const result = await call.run(() => fn(input, context as Context<Kind, Result, Jsonify<Result>>));
          if (call.thrown !== undefined) throw call.thrown.error;
          return result;
        },
      };
    },
  };
}
