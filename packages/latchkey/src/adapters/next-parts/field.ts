/**
 * The hidden input with the key of a form.
 *
 * @module
 */

/// <reference path="./next-modules.d.ts" />
import { connection } from 'next/server.js';
import { createElement, type ReactElement } from 'react';
import { LatchkeyError } from '../../core/errors.ts';
import { systemRuntime } from '../../core/runtime.ts';
import { type Action, type IntentKey, intentKeyOf } from './action.ts';
import { fieldName } from './action-form.ts';
import { sharedRender } from './work-store.ts';

/** The properties of {@link IdempotencyField}. */
export type IdempotencyFieldProps =
  | { readonly intent?: undefined; readonly action?: undefined }
  | {
      /**
       * What the visitor is about to do, such as the id of a cart. The key is then derived from it, so it is the same
       * after a reload, after Back and in another tab. Give the next order another intent.
       */
      readonly intent: string;
      /** The form's action, as `idempotentAction()` returned it. */
      readonly action: Action<never, unknown>;
    };

/**
 * Renders the hidden input `idempotency_key` of a form whose action is an `idempotentAction()`. A server component;
 * works without scripts in the browser.
 *
 * Without `intent` the key is random for each render: only a repeated submit of the same page is recognized. With
 * `intent` and `action`, the key is derived from the intent, the principal and the action under `intentSecret`.
 *
 * @throws LatchkeyError `field-shared` on a page with `dynamic = 'force-static'` and inside `'use cache'`, where all
 * visitors would get the same key; `option-invalid`, `principal-missing`.
 * @example
 * ```tsx
 * <form action={placeOrder}>
 *   <IdempotencyField intent={cart.id} action={placeOrder} />
 *   <button>Order</button>
 * </form>
 * ```
 */
export async function IdempotencyField({ intent, action }: IdempotencyFieldProps): Promise<ReactElement> {
  const reason = sharedRender();
  if (reason !== undefined) {
    throw new LatchkeyError(
      'field-shared',
      `<IdempotencyField> must be rendered for each request, but ${reason}, so all visitors would share one key.`,
    );
  }
  await connection();
  const value = intent === undefined ? systemRuntime.random.uuid() : await derivedKey(intent, action);
  return createElement('input', { type: 'hidden', name: fieldName, value });
}

function derivedKey(intent: string, action: unknown): Promise<string> {
  const keyOf: unknown = typeof action === 'function' ? Reflect.get(action, intentKeyOf) : undefined;
  if (typeof keyOf === 'function') return (keyOf as IntentKey)(intent);
  throw new LatchkeyError(
    'option-invalid',
    '<IdempotencyField intent> needs the property action: a function that idempotentAction() returned, without bind().',
  );
}
