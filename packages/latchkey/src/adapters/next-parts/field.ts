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
import { fieldNames } from './action-form.ts';
import { sharedRender } from './work-store.ts';

/** The properties of {@link IdempotencyField}. */
export interface IdempotencyFieldProps {
  /**
   * What the visitor is about to do, such as the id of a cart; it is visible in the page. The key is derived from it, so
   * it is the same after a reload, after Back and in another tab. Give the next order another intent.
   */
  readonly intent?: string;
}

/**
 * Renders a hidden input with the key of a form whose action is an `idempotentAction()`. A server component; works
 * without scripts in the browser.
 *
 * Without `intent` the key is random for each render: only a repeated submit of the same page is recognized. With
 * `intent`, the action derives the key from the intent, the principal and its own name under `intentSecret`.
 *
 * @throws LatchkeyError `field-shared` on a page with `dynamic = 'force-static'` and inside `'use cache'`, where all
 * visitors would get the same key; `option-invalid`.
 * @example
 * ```tsx
 * <form action={placeOrder}>
 *   <IdempotencyField intent={cart.id} />
 *   <button>Order</button>
 * </form>
 * ```
 */
export async function IdempotencyField({ intent }: IdempotencyFieldProps): Promise<ReactElement> {
  if (intent !== undefined && (typeof intent !== 'string' || intent === '')) {
    throw new LatchkeyError(
      'option-invalid',
      '<IdempotencyField intent> must be a non-empty string, such as the id of a cart: forms with the same intent place one order.',
    );
  }
  const reason = sharedRender();
  if (reason !== undefined) {
    throw new LatchkeyError(
      'field-shared',
      `<IdempotencyField> must be rendered for each request, but ${reason}, so all visitors would share one key.`,
    );
  }
  await connection();
  const [name, value] =
    intent === undefined ? [fieldNames.key, systemRuntime.random.uuid()] : [fieldNames.intent, intent];
  return createElement('input', { type: 'hidden', name, value });
}
