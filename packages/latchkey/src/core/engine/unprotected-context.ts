/**
 * A run without protection.
 *
 * @module
 */

import type { Jsonify, StepTools } from '../context.ts';
import { StoreUnavailableError } from '../errors.ts';
import { decodeValue, encodeValue } from '../support/codec.ts';
import { derivedKey } from '../support/digest.ts';

/** The context of an unprotected run: the store was down and the route is set to run anyway. */
export class UnprotectedContext {
  readonly attempt = 1;
  readonly operationId: string;
  readonly signal: AbortSignal = new AbortController().signal;

  constructor(operationId: string) {
    this.operationId = operationId;
  }

  idempotencyKey(name: string): string {
    return derivedKey(this.operationId, name);
  }

  async step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T): Promise<Jsonify<T>> {
    const tools = { idempotencyKey: this.idempotencyKey(name), signal: this.signal, mayHaveBegun: false };
    const value = await fn(tools);
    return decodeValue(encodeValue(value)) as Jsonify<T>;
  }

  transaction(): Promise<never> {
    return Promise.reject(unprotectedTransaction());
  }

  finish(): Promise<never> {
    return Promise.reject(unprotectedTransaction());
  }

  enqueue(): never {
    throw unprotectedTransaction();
  }
}

function unprotectedTransaction(): StoreUnavailableError {
  return new StoreUnavailableError('A transaction needs the store, which is unavailable. Retry later.');
}
