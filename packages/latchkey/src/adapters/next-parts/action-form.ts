/**
 * The key and the payload of an action's call, from its arguments.
 *
 * @module
 */

import { hash } from 'node:crypto';
import { LatchkeyError } from '../../core/errors.ts';

/** The names of the hidden inputs that `IdempotencyField` renders, one of them in each form. */
export const fieldNames = { key: 'idempotency_key', intent: 'idempotency_intent' } as const;

/** The key in the form of a call, or the intent from which it is derived. */
export interface FormKey {
  readonly from: keyof typeof fieldNames;
  readonly value: string;
}

/** What the `IdempotencyField` in the form of a call says. */
export function formKey(name: string, args: readonly unknown[]): FormKey {
  const form = args.find((arg) => arg instanceof FormData);
  const found = (['key', 'intent'] as const).flatMap((from) =>
    (form?.getAll(fieldNames[from]) ?? []).map((value) => ({ from, value })),
  );
  const [field] = found;
  if (found.length > 1)
    throw new LatchkeyError('key-invalid', `The form of ${name} has more than one IdempotencyField.`);
  if (field !== undefined && typeof field.value === 'string' && field.value !== '')
    return { from: field.from, value: field.value };
  throw new LatchkeyError(
    'key-missing',
    `The action ${name} was called without a key. Render <IdempotencyField /> inside its form, or set the option key.`,
  );
}

const fieldsOfForm: ReadonlySet<string> = new Set(Object.values(fieldNames));

/**
 * The arguments in the form in which two calls are compared.
 *
 * @param hasState - whether the argument before the form is the previous state of `useActionState`, which differs
 * between calls and is left out.
 */
export function comparable(args: readonly unknown[], hasState: boolean): Promise<unknown[]> {
  const form = args.findIndex((arg) => arg instanceof FormData);
  const compared = hasState ? args.filter((_arg, index) => index !== form - 1) : args;
  return Promise.all(compared.map((arg) => (arg instanceof FormData ? entriesOf(arg) : arg)));
}

/** Next's own members differ between a page with scripts and one without. */
async function entriesOf(form: FormData): Promise<unknown> {
  const own = [...form].filter(([name]) => !fieldsOfForm.has(name) && !name.startsWith('$ACTION_'));
  return { form: await Promise.all(own.map(async ([name, value]) => [name, await comparedValue(value)])) };
}

async function comparedValue(value: FormDataEntryValue): Promise<unknown> {
  if (typeof value === 'string') return value;
  const { name, type, size } = value;
  return { name, type, size, digest: hash('sha256', new Uint8Array(await value.arrayBuffer()), 'base64url') };
}
