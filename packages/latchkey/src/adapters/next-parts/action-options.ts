/**
 * The options of `idempotentAction()`, and their check.
 *
 * @module
 */

import { secretRule } from '../../core/options/common.ts';
import { type Completed, callable, called, flag, must, type OptionTable, required } from '../../core/options/rules.ts';
import type { TransactionKind } from '../../core/store.ts';
import type { Secret } from '../../core/support/digest.ts';
import { functionTable, type IdempotentOptions } from '../../function/options.ts';

/** The options that a plain function has too. */
type Shared<Result, Kind extends TransactionKind> = Omit<
  IdempotentOptions<never, Result, Kind>,
  'codec' | 'key' | 'payload' | 'principal' | 'saveInput'
>;

/** Options of `idempotentAction()`. All times are in milliseconds. */
export interface ActionOptions<Args extends readonly unknown[], Result, Kind extends TransactionKind>
  extends Shared<Result, Kind> {
  /**
   * Returns the account or tenant of the call, from `cookies()` or `headers()` of `next/headers`; or `'anonymous'`,
   * which requires random keys.
   *
   * @example
   * ```ts
   * principal: async () => accountOf((await cookies()).get('session')?.value)
   * ```
   */
  readonly principal: (() => string | undefined | Promise<string | undefined>) | 'anonymous';
  /**
   * Returns the key of a call that has no form: 1 to 255 characters. Default: the value of the `IdempotencyField` in the
   * form.
   */
  readonly key?: (...args: Args) => string;
  /**
   * Returns the part of the arguments that defines the call; a key with another payload is refused as `key-reused`.
   * Default: all arguments; of a form every member, a file by its content.
   */
  readonly payload?: (...args: Args) => unknown;
  /**
   * Set it for an action of `useActionState`: the argument before the form is then the previous state, which is not
   * compared. Default false.
   */
  readonly hasState?: boolean;
  /**
   * Returns whether a result ends the intent. After a result that is not kept, such as a validation error, the same key
   * takes the edited form, if no step was saved. Default: every result is kept.
   *
   * @example
   * ```ts
   * keep: (result) => result.errors === undefined
   * ```
   */
  readonly keep?: (result: Result) => boolean;
  /**
   * What a duplicate gets while the first call still runs: with `{ waitMs }` (the default, 10,000) the first answer, for
   * which it waits up to that time; with `'conflict'` an error at once.
   */
  readonly whenRunning?: 'conflict' | { readonly waitMs: number };
  /**
   * The secret of at least 32 bytes under which keys are derived from the intents of `IdempotencyField`. A new secret
   * gives each intent a new key, so don't change it while orders may be retried.
   */
  readonly intentSecret?: Secret;
}

const { codec: _codec, saveInput: _saveInput, ...shared } = functionTable;

const isPrincipal = (value: unknown) => value === 'anonymous' || typeof value === 'function';

/** The option table. */
export const actionTable = {
  ...shared,
  principal: called(
    'getUser getUserId tenant userId',
    required(must("a function that returns the account or tenant, or 'anonymous'", isPrincipal)),
  ),
  key: callable,
  hasState: flag(false),
  whenRunning: { ...shared.whenRunning, default: { waitMs: 10_000 } },
  intentSecret: secretRule,
} satisfies OptionTable<ActionOptions<readonly unknown[], unknown, TransactionKind>>;

/** The options with their defaults. */
export type ActionSettings<Args extends readonly unknown[], Result, Kind extends TransactionKind> = Completed<
  ActionOptions<Args, Result, Kind>,
  typeof actionTable
>;
