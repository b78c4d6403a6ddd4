/**
 * Computes a record's id from what the client sent, so that a customer's key leads to its record.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { recordId } from '../core/support/digest.ts';
import { readKey } from '../http/request/key-header.ts';
import { readPrincipal } from '../http/request/principal.ts';
import { pathAndQuery, pathOf } from '../http/request/read-request.ts';

/**
 * On whose behalf a request acts, by the guard's option `principal`: what its function returned, the Authorization
 * header of a guard with `'authorization'`, or `{ anonymous: true }`.
 */
export type PrincipalSource = string | { readonly authorization: string } | { readonly anonymous: true };

/** What identifies a record from outside. */
export interface RecordAddress {
  /** The client's key as it was sent; of a record of `idempotent()`, the key that `key(input)` returned. */
  readonly key: string;
  /** For a function without the option `principal`, the empty string. */
  readonly principal: PrincipalSource;
  /** The request's method and path, the route's `scope`, or the name of a function of `idempotent()`. */
  readonly operation:
    | { readonly method: string; readonly path: string }
    | { readonly scope: string }
    | { readonly function: string };
}

/**
 * Returns the principal of a request, for `principalDigest` of `latchkey/engine`.
 *
 * @param key - the client's key, which must be unguessable if the request is anonymous.
 * @throws LatchkeyError `principal-missing`, `principal-unstable`, `key-invalid`.
 */
export function principalFrom(source: PrincipalSource, key: string): string {
  if (typeof source === 'string') return source;
  const option = 'authorization' in source ? 'authorization' : 'anonymous';
  const headers = () => ('authorization' in source ? [source.authorization] : []);
  // Both options are read without waiting.
  const reading = readPrincipal<undefined>(option, { native: undefined, headers }, key);
  if (reading instanceof Promise) throw new TypeError('The principal was read asynchronously.');
  if ('principal' in reading) return reading.principal;
  throw new LatchkeyError(reading.problem.code, reading.problem.detail);
}

/**
 * Returns the id of a record, for `show` of an operator.
 *
 * @throws LatchkeyError `key-invalid`, `principal-missing`, `principal-unstable`.
 * @example
 * ```ts
 * const operation = { method: 'POST', path: '/v1/charges' }
 * await people.show(recordIdOf({ key: '4fa282fe-6f26-4f33-8a32-447c6d8a1953', principal: 'acct_1', operation }))
 * ```
 */
export function recordIdOf({ key, principal, operation }: RecordAddress): string {
  if ('function' in operation) return recordId(principalFrom(principal, key), [operation.function], key);
  const reading = readKey([key], 'lenient');
  if ('refused' in reading) throw new LatchkeyError('key-invalid', reading.refused);
  return recordId(principalFrom(principal, reading.key), scopeOf(operation), reading.key);
}

/** As in http/request/read-request.ts. */
function scopeOf(operation: Exclude<RecordAddress['operation'], { readonly function: string }>): readonly string[] {
  if ('scope' in operation) return ['scope', operation.scope];
  return [operation.method.toUpperCase(), pathOf(pathAndQuery(operation.path))];
}
