/**
 * Makes a server action idempotent.
 *
 * @module
 */

import type { Context, Jsonify } from '../../core/context.ts';
import { LatchkeyError } from '../../core/errors.ts';
import { readOptions } from '../../core/options/read-options.ts';
import type { TransactionKind } from '../../core/store.ts';
import { joinParts, keyedDigest, type Secret } from '../../core/support/digest.ts';
import { callsOf } from '../../function/calls.ts';
import { isUnguessable } from '../../http/request/principal.ts';
import { ActionCodec, Navigation } from './action-answer.ts';
import { comparable, formKey } from './action-form.ts';
import { type ActionOptions, type ActionSettings, actionTable } from './action-options.ts';
import { keepAlive, RevalidationLog, repeatRevalidations } from './work-store.ts';

/** Runs the last function of an action and resolves to its result, which the action must return. */
export type ActionFinish<Kind extends TransactionKind> = Kind['mode'] extends 'sync'
  ? <Result>(fn: (handle: Kind['handle']) => Result) => Promise<Result>
  : <Result>(fn: (handle: Kind['handle']) => Promise<Result> | Result) => Promise<Result>;

/** The context of a running action. */
export interface ActionContext<Kind extends TransactionKind = never> extends Omit<Context<Kind>, 'finish'> {
  /** Like `transaction`, but `fn` returns the result: effect, result and completion are one commit. */
  readonly finish: [Kind] extends [never] ? never : ActionFinish<Kind>;
}

/** A server action. Next calls it from a form or from code in the browser. */
export type Action<Args extends readonly unknown[], Result> = (...args: Args) => Promise<Result>;

/** The function {@link idempotentAction}, and its form for actions that need their context. */
export interface IdempotentAction {
  <Args extends readonly unknown[], Result, Kind extends TransactionKind = never>(
    action: (...args: Args) => Promise<Result> | Result,
    options: ActionOptions<Args, Result, Kind>,
  ): Action<Args, Result>;
  /**
   * The same for an action that gets its context before its own arguments: steps, transactions, `finish`.
   *
   * @example
   * ```ts
   * export const placeOrder = idempotentAction.withContext(async (context, form: FormData) => {
   *   const charge = await context.step('charge', ({ idempotencyKey }) => provider.charge(form, { idempotencyKey }))
   *   redirect(`/receipts/${charge.id}`)
   * }, { store, name: 'place-order', principal: currentAccount, afterFailure: 'rerun' })
   * ```
   */
  withContext<Args extends readonly unknown[], Result, Kind extends TransactionKind = never>(
    action: (context: ActionContext<Kind>, ...args: Args) => Promise<Result> | Result,
    options: ActionOptions<Args, Result, Kind>,
  ): Action<Args, Result>;
}

/** What one call says about its operation. */
interface ActionCall {
  readonly key: string;
  readonly identity: string;
  readonly payload: unknown;
}

/** A principal that no principal function can return. */
const nobody = '\0anonymous';

/**
 * Makes a server action idempotent: calls with the same key, the value of the form's `IdempotencyField`, run it once, and
 * every further call gets the first answer. Export it from a file with `'use server'`.
 *
 * An answer is the returned value, or the page to which `redirect()`, `notFound()`, `forbidden()` or `unauthorized()`
 * leads; any other error is a failure. The value is stored as JSON and must be plain data. On a replay, cookies are not
 * set again; `revalidatePath` and `revalidateTag` are called again.
 *
 * @throws LatchkeyError (from the action returned) `in-progress`, `key-missing`, `key-reused`, `outcome-unknown`,
 * `key-invalid`, `principal-missing`, `value-invalid`, `store-unavailable`, `response-not-kept`, `operation-failed` (a
 * failure of an earlier call, replayed). Errors that the action throws are rethrown.
 * @throws LatchkeyError (at once) `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * 'use server'
 * export const placeOrder = idempotentAction(async (form: FormData) => {
 *   const { id } = await orders.insert(String(form.get('item')))
 *   redirect(`/orders/${id}`)
 * }, { store: sqliteStore({ database: 'orders.db' }), name: 'place-order', principal: currentAccount })
 * ```
 */
export const idempotentAction: IdempotentAction = Object.assign(
  <Args extends readonly unknown[], Result, Kind extends TransactionKind = never>(
    action: (...args: Args) => Promise<Result> | Result,
    options: ActionOptions<Args, Result, Kind>,
  ) => guarded<Args, Result, Kind>((_context, ...args) => action(...args), options),
  { withContext: guarded },
);

function guarded<Args extends readonly unknown[], Result, Kind extends TransactionKind = never>(
  action: (context: ActionContext<Kind>, ...args: Args) => Promise<Result> | Result,
  options: ActionOptions<Args, Result, Kind>,
): Action<Args, Result> {
  const read: ActionSettings<Args, Result, Kind> = readOptions('idempotentAction()', actionTable, options);
  const { name, keep } = read;
  const calls = callsOf<ActionCall, Kind>('idempotentAction()', {
    ...read,
    key: ({ key }) => key,
    principal: ({ identity }) => identity,
    payload: ({ payload }) => payload,
    saveInput: false,
  });
  const run = async (...args: Args): Promise<Result> => {
    const codec = new ActionCodec<Result>(name, new RevalidationLog());
    const keeping = {
      codec,
      keep: (answer: Result | Navigation) => answer instanceof Navigation || keep?.(answer) !== false,
    };
    let isReplay = true;
    const body = (context: Context<Kind, Result | Navigation, Jsonify<Result | Navigation>>) => {
      isReplay = false;
      return answerOf(() => action(context as object as ActionContext<Kind>, ...args));
    };
    const answer = (await calls.run<Result | Navigation>(await callOf(read, args), body, keeping)) as
      | Result
      | Navigation;
    if (isReplay) repeatRevalidations(codec.revalidated);
    if (answer instanceof Navigation) throw answer.error;
    return answer;
  };
  return (...args) => {
    const running = run(...args);
    keepAlive(running.catch(() => undefined));
    return running;
  };
}

async function answerOf<Result>(action: () => Promise<Result> | Result): Promise<Result | Navigation> {
  try {
    return await action();
  } catch (error) {
    const navigation = Navigation.of(error);
    if (navigation === undefined) throw error;
    return navigation;
  }
}

async function callOf<Args extends readonly unknown[], Result, Kind extends TransactionKind>(
  { name, principal, key: keyOf, payload, hasState, intentSecret }: ActionSettings<Args, Result, Kind>,
  args: Args,
): Promise<ActionCall> {
  const identity = principal === 'anonymous' ? undefined : await identityOf(name, principal);
  const { from, value } = keyOf === undefined ? formKey(name, args) : { from: 'key', value: keyOf(...args) };
  const key = from === 'key' ? value : intentKey(name, identity, value, intentSecret);
  if (identity === undefined && !isUnguessable(key)) {
    throw new LatchkeyError('key-invalid', `Without a principal, the key of ${name} must be a random UUID.`);
  }
  return {
    key,
    identity: identity ?? nobody,
    payload: payload === undefined ? await comparable(args, hasState) : await comparable([payload(...args)], false),
  };
}

async function identityOf(name: string, principal: () => string | undefined | Promise<string | undefined>) {
  const identity = await principal();
  if (typeof identity === 'string' && identity !== '') return identity;
  throw new LatchkeyError(
    'principal-missing',
    `The principal function of the action ${name} must return a non-empty string.`,
  );
}

/** The same for one intent, principal and action; nobody can guess it without the secret. */
function intentKey(name: string, identity: string | undefined, intent: string, secret: Secret | undefined): string {
  if (secret !== undefined && identity !== undefined)
    return keyedDigest(secret)(joinParts(['intent', identity, name, intent]));
  throw new LatchkeyError(
    'option-invalid',
    `<IdempotencyField intent> needs the option intentSecret of the action ${name}, and a principal function: two visitors with the same intent must not share an answer.`,
  );
}
