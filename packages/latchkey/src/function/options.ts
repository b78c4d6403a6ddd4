/**
 * The options of a function that is made idempotent, and their check.
 *
 * @module
 */

import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import {
  callable,
  checkRules,
  isObjectWith,
  must,
  type Rule,
  sharedRules,
  truth,
} from '../core/options/option-rules.ts';
import { checkStore } from '../core/options/store-check.ts';
import type { Runtime } from '../core/runtime.ts';
import type { OperationSettings } from '../core/settings.ts';
import type { Store, TransactionKind } from '../core/store.ts';
import type { Codec } from '../core/support/codec.ts';
import type { Secret } from '../core/support/fingerprint-digests.ts';

/** How a function is made idempotent. */
export interface IdempotentOptions<Input, Result, Kind extends TransactionKind> extends Partial<OperationSettings> {
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
  /** Makes fingerprints HMACs; the first secret writes, all are accepted. At least 32 bytes each. */
  readonly fingerprintSecrets?: readonly Secret[];
  /**
   * Keeps the input with the record, as JSON or bytes of at most 64 KiB, until the call is completed, so that a completer
   * can finish a call that a dead worker left behind. Default false.
   */
  readonly saveInput?: boolean;
  /** True to use a memory store though NODE_ENV is production. */
  readonly allowVolatileStore?: boolean;
  readonly runtime?: Runtime;
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console; `false` is silence. */
  readonly log?: Log | false;
}

type AnyOptions = IdempotentOptions<unknown, unknown, TransactionKind>;

/** The type makes sure that none is forgotten. */
const functionRules: Record<Exclude<keyof AnyOptions, keyof OperationSettings>, Rule> = {
  ...sharedRules,
  codec: must(isObjectWith('encode', 'decode'), 'an object with encode and decode'),
  key: callable,
  name: must((value) => typeof value === 'string' && value !== '', 'a string that is not empty'),
  payload: callable,
  principal: callable,
  saveInput: truth,
};

/** @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`. */
export function checkFunctionOptions<Input, Result, Kind extends TransactionKind>(
  options: IdempotentOptions<Input, Result, Kind>,
): void {
  checkRules('idempotent()', options, functionRules, ['store', 'name', 'key']);
  checkStore('idempotent()', options.store, options);
}
