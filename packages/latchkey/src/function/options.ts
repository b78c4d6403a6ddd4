/**
 * The options of `idempotent()`, and their check.
 *
 * @module
 */

import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { observerTable, secretsRule, storeRule } from '../core/options/common.ts';
import {
  type Completed,
  callable,
  flag,
  group,
  isObjectWith,
  isText,
  must,
  type OptionTable,
  required,
} from '../core/options/rules.ts';
import type { Runtime } from '../core/runtime.ts';
import { type OperationOptions, operationTable } from '../core/settings.ts';
import type { Store, TransactionKind } from '../core/store.ts';
import type { Codec } from '../core/support/codec.ts';
import type { Secret } from '../core/support/digest.ts';

/** Options of `idempotent()`. All times are in milliseconds. */
export interface IdempotentOptions<Input, Result, Kind extends TransactionKind> extends OperationOptions {
  /** The store that keeps the records. */
  readonly store: Store<Kind>;
  /** The operation's name. It is part of the key's scope, so it must not change between releases. */
  readonly name: string;
  /** Returns the key of a call, such as a message's id: 1 to 255 characters. Calls with the same key run once. */
  readonly key: (input: Input) => string;
  /**
   * Returns the account or tenant of a call: a non-empty string. Each has its own keys. Default: all calls share their
   * keys.
   */
  readonly principal?: (input: Input) => string;
  /**
   * Returns the part of the input that defines the call; a key with another payload is refused as `key-reused`. Leave
   * out what changes when a message is redelivered, such as an attempt number. Default: the whole input, as JSON.
   */
  readonly payload?: (input: Input) => unknown;
  /**
   * Returns whether a result is kept; false releases the record, so that the next call with this key runs, with any
   * payload if no step was saved. Default: every result is kept.
   *
   * @example
   * ```ts
   * keep: (result) => result.status !== 'card-declined'
   * ```
   */
  readonly keep?: (result: Result) => boolean;
  /** Converts results to bytes and back. Default: JSON, or the bytes of a `Uint8Array`. */
  readonly codec?: Codec<Result>;
  /** `secrets` turns fingerprints into HMACs. The first one signs, all are accepted; at least 32 bytes each. */
  readonly fingerprint?: { readonly secrets?: readonly Secret[] };
  /**
   * Saves the input with the record until the call is completed, as JSON or bytes of at most 64 KiB, so that a
   * completer can finish the call of a dead worker. Default false.
   */
  readonly saveInput?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
  /** Receives events; see `LatchkeyEvent`. */
  readonly onEvent?: EventListener;
  /**
   * Receives warnings and errors, each code once per operation and minute. Default: the console. `false` turns it off.
   */
  readonly log?: Log | false;
}

/** The option table. */
export const functionTable = {
  store: storeRule,
  name: required(must('a non-empty string', (value) => isText(value) && value !== '')),
  key: required(callable),
  principal: callable,
  payload: callable,
  keep: callable,
  codec: must('an object with encode and decode', isObjectWith('encode', 'decode')),
  fingerprint: group({ secrets: secretsRule }),
  saveInput: flag(false),
  ...operationTable,
  ...observerTable,
} satisfies OptionTable<IdempotentOptions<unknown, unknown, TransactionKind>>;

/** The options with their defaults. */
export type FunctionSettings<Input, Result, Kind extends TransactionKind> = Completed<
  IdempotentOptions<Input, Result, Kind>,
  typeof functionTable
>;
