/**
 * What each option of a guard may be.
 *
 * @module
 */

import { isMemberPointer } from './json-pointer.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

/** Says what is wrong with a value; undefined if nothing is. */
export type Rule = (value: unknown) => string | undefined;

/** The longest delay of a timer, in milliseconds: about 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const LEAST_SECRET_BYTES = 32;

const fieldName = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Methods that change nothing (RFC 9110 §9.2.1): a replay would be stale, a fresh answer costs nothing. */
const safeMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

const integer =
  (least: number, most: number, unit: string): Rule =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be a whole number of ${unit} from ${least} to ${most}`;

const oneOf =
  (...allowed: readonly string[]): Rule =>
  (value) =>
    allowed.some((one) => one === value) ? undefined : `must be ${allowed.map((one) => `'${one}'`).join(' or ')}`;

const isBoolean: Rule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const isFunction: Rule = (value) => (typeof value === 'function' ? undefined : 'must be a function');

const listOf =
  (what: string, accepts: (item: unknown) => boolean): Rule =>
  (value) =>
    Array.isArray(value) && value.every(accepts) ? undefined : `must be an array of ${what}`;

const isText = (item: unknown): item is string => typeof item === 'string';
const byteLength = (item: unknown) =>
  isText(item) ? Buffer.byteLength(item) : item instanceof Uint8Array ? item.length : 0;

const isMethods: Rule = (value) => {
  const listed = listOf('method names in upper case', (item) => isText(item) && /^[A-Z]+$/.test(item))(value);
  if (listed !== undefined || !Array.isArray(value)) return listed;
  const safe = value.find((method) => safeMethods.has(method));
  return safe === undefined ? undefined : `can't hold ${safe}: a key has no meaning on a method that changes nothing`;
};

const isPrincipal: Rule = (value) =>
  typeof value === 'function' || value === 'authorization' || value === 'anonymous'
    ? undefined
    : "is required: a function that returns the account or tenant, 'authorization', or 'anonymous'";

const isStore: Rule = (value) =>
  typeof value === 'object' && value !== null && 'claim' in value && typeof value.claim === 'function'
    ? undefined
    : 'is required: a store such as memoryStore() or sqliteStore()';

const isRuntime: Rule = (value) =>
  typeof value === 'object' && value !== null && 'clock' in value && 'timers' in value && 'random' in value
    ? undefined
    : 'must have clock, timers and random';

const anyDuration = integer(1, Number.MAX_SAFE_INTEGER, 'milliseconds');
const timerDuration = integer(1, LONGEST_TIMER_MS, 'milliseconds');

/** By option of a route. The type makes sure that none is forgotten. */
export const routeRules: Record<keyof RouteOptions<unknown>, Rule> = {
  afterFailure: oneOf('refuse', 'rerun'),
  authorizeReplay: isFunction,
  claimTimeoutMs: timerDuration,
  keep: isFunction,
  keyFormat: oneOf('lenient', 'strict'),
  keyRequired: isBoolean,
  leaseMs: integer(100, LONGEST_TIMER_MS, 'milliseconds'),
  maxAttempts: integer(1, Number.MAX_SAFE_INTEGER, 'attempts'),
  maxRequestBytes: integer(0, LONGEST_TIMER_MS, 'bytes'),
  maxResponseBytes: integer(0, LONGEST_TIMER_MS, 'bytes'),
  maxRunMs: timerDuration,
  meaningfulFields: listOf('field names', (item) => isText(item) && fieldName.test(item)),
  methods: isMethods,
  onUnstored: oneOf('send', '503'),
  recover: isFunction,
  retentionMs: anyDuration,
  transactionTimeoutMs: timerDuration,
  unresolvedRetentionMs: anyDuration,
  volatileMembers: listOf("JSON Pointers such as '/sentAt'", (item) => isText(item) && isMemberPointer(item)),
  waitMs: integer(0, LONGEST_TIMER_MS, 'milliseconds'),
  whenRunning: oneOf('reject', 'wait'),
  whenStoreDown: oneOf('refuse', 'run-unprotected'),
};

/** By option that only a guard has. */
export const guardRules: Record<Exclude<keyof GuardOptions<unknown>, keyof RouteOptions<unknown>>, Rule> = {
  allowVolatileStore: isBoolean,
  dialect: oneOf('ietf', 'stripe'),
  fingerprintSecrets: listOf(
    `secrets of at least ${LEAST_SECRET_BYTES} bytes`,
    (item) => byteLength(item) >= LEAST_SECRET_BYTES,
  ),
  onEvent: isFunction,
  onProblem: isFunction,
  principal: isPrincipal,
  runtime: isRuntime,
  store: isStore,
};
