/**
 * The options of a function that is made idempotent, and their check.
 *
 * @module
 */

import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { observerTable, secretsRule, storeRule } from '../core/options/common.ts';
import {
  type Completed,
  callable,
  defaultTo,
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

/** How a function is made idempotent. */
export interface IdempotentOptions<Input, Result, Kind extends TransactionKind> extends OperationOptions {
  /** Where records live. */
  readonly store: Store<Kind>;
  /** The operation's name: a part of the scope, so it must not change between releases. */
  readonly name: string;
  /** The key of a call: what makes two calls the same one, such as a message's id. 1 to 255 characters. */
  readonly key: (input: Input) => string;
  /** Whom the call acts for, never empty. A key is looked up inside its principal; without this all calls share one. */
  readonly principal?: (input: Input) => string;
  /**
   * What a call asks for; a key reused for something else is `key-reused`. Default: the whole input, as JSON. Leave out what
   * changes when a message is delivered again, such as an attempt number.
   */
  readonly payload?: (input: Input) => unknown;
  /** Turns results into bytes. Default: JSON, or the bytes of a `Uint8Array`. */
  readonly codec?: Codec<Result>;
  /** `secrets` makes fingerprints HMACs; the first one writes, all are accepted. At least 32 bytes each. */
  readonly fingerprint?: { readonly secrets?: readonly Secret[] };
  /**
   * Keeps the input with the record, as JSON or bytes of at most 64 KiB, until the call is completed, so that a completer
   * can finish a call that a dead worker left behind. Default false.
   */
  readonly saveInput?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
  /** Receives what happens; see `LatchkeyEvent`. */
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console; `false` is silence. */
  readonly log?: Log | false;
}

/** What they may be. */
export const functionTable = {
  store: storeRule,
  name: required(must('a string that is not empty', (value) => isText(value) && value !== '')),
  key: required(callable),
  principal: callable,
  payload: callable,
  codec: must('an object with encode and decode', isObjectWith('encode', 'decode')),
  fingerprint: group({ secrets: defaultTo<readonly Secret[]>(secretsRule, []) }),
  saveInput: flag(false),
  ...operationTable,
  ...observerTable,
} satisfies OptionTable<IdempotentOptions<unknown, unknown, TransactionKind>>;

/** The options with their defaults. */
export type FunctionSettings<Input, Result, Kind extends TransactionKind> = Completed<
  IdempotentOptions<Input, Result, Kind>,
  typeof functionTable
>;
