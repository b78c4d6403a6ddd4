/**
 * Messages from a handler to the outbox.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import type { NewMessage, Outbox } from '../outbox.ts';
import { checkStepName } from '../steps/step-journal.ts';
import type { AnyStore } from '../store.ts';
import { stringify } from '../support/codec.ts';

const encoder = new TextEncoder();

/** The operation that enqueues, and the maximum length of a payload. */
export interface Sender extends Pick<NewMessage, 'operationId' | 'operation'> {
  readonly maxBytes: number;
}

/** @throws LatchkeyError `step-name-invalid`, `value-invalid`, `message-too-large`. */
export function newMessage({ maxBytes, ...sender }: Sender, name: string, value: unknown): NewMessage {
  checkStepName('message', name);
  const payload = payloadOf(value);
  if (payload.byteLength <= maxBytes) return { ...sender, name, payload };
  throw new LatchkeyError(
    'message-too-large',
    `The message ${JSON.stringify(name)} must be at most maxStepBytes (${maxBytes}) long; got ${payload.byteLength} bytes. Send a reference, such as an id.`,
  );
}

/** Bytes are stored unchanged, so they can be sent on; everything else as JSON text. */
function payloadOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const text = stringify(value);
  if (text !== undefined) return encoder.encode(text);
  throw new LatchkeyError('value-invalid', 'A message must be a JSON value or bytes.');
}

/** @throws LatchkeyError `outbox-unsupported`. */
export function outboxOf(store: AnyStore): Outbox {
  const outbox: Outbox | undefined = store.outbox;
  if (outbox !== undefined) return outbox;
  throw new LatchkeyError(
    'outbox-unsupported',
    `The ${store.name} store has no outbox; SQLite, PostgreSQL and MariaDB have one.`,
  );
}

/** @throws LatchkeyError `message-name-reused`, which rolls the transaction back. */
export function checkAdded(name: string, isNew: boolean): void {
  if (isNew) return;
  throw new LatchkeyError(
    'message-name-reused',
    `The operation already has a message ${JSON.stringify(name)}. Use a unique name for every message of an operation.`,
  );
}
