/**
 * A dialect is the convention that an API follows: the form of the guard's errors, which answers of the application are
 * not kept, and what it demands of a route's options.
 *
 * @module
 */

import type { AfterFailure } from '../../core/store.ts';
import type { PlainResponse } from '../exchange.ts';
import type { Problem } from './problems.ts';

/** What a dialect can check of a route: its options, with defaults. */
export interface DialectRoute {
  readonly methods: readonly string[];
  readonly afterFailure: AfterFailure;
  /** `key.required`. */
  readonly keyRequired: boolean;
  /** `fingerprint.body`. */
  readonly comparedBy: 'canonical' | 'bytes';
  /** `timing.retentionMs`. */
  readonly retentionMs: number;
}

/**
 * The convention of an API, as the option `dialect`. The guard adds Cache-Control, Idempotency-Status and, where waiting
 * helps, Retry-After to each error.
 *
 * @example
 * ```ts
 * const house: Dialect = {
 *   name: 'house',
 *   shape: ({ status, code, detail }) => ({
 *     status,
 *     headers: [['Content-Type', 'application/json']],
 *     body: Buffer.from(JSON.stringify({ error: code, message: detail })),
 *   }),
 * }
 * idempotency({ store, principal, dialect: house })
 * ```
 */
export interface Dialect {
  /** The name in messages and in the contract. */
  readonly name: string;
  /** The address of the document that defines the convention. */
  readonly source?: string;
  /** Returns the status, headers and body for a problem. */
  shape(problem: Problem): PlainResponse;
  /**
   * Whether an answer with this status, of 400 or more, releases the record under `rerun`, however often it comes, in
   * addition to the statuses that do so in every dialect. Under `refuse` such an answer is kept. Default: no further
   * status.
   */
  readonly releases?: (status: number) => boolean;
  /** Sends an accepted key back in the Idempotency-Key header of every answer. Default false. */
  readonly echoesKey?: boolean;
  /**
   * Returns the settings that a route lacks, such as `["afterFailure: 'rerun'"]`. A guard or route that lacks one is
   * refused (`option-invalid`): a dialect never changes an option. Default: it needs none.
   */
  readonly lacks?: (route: DialectRoute) => readonly string[];
}

/** Whether a value can be the option `dialect`. */
export function isDialect(value: unknown): boolean {
  const { name, shape, lacks } = Object(value) as Partial<Dialect>;
  const isChecking = lacks === undefined || typeof lacks === 'function';
  return typeof name === 'string' && name !== '' && typeof shape === 'function' && isChecking;
}
