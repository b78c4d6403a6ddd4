/**
 * What each option of the HTTP layer may be. The engine's own settings are checked in core.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { checkChoice, checkWholeNumber } from '../core/options-check.ts';
import type { OperationSettings } from '../core/settings.ts';
import { fieldNamePattern } from './field-names.ts';
import { isMemberPointer } from './json-pointer.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

/** Throws `option-invalid` unless the value will do. `where` names the guard or route in the message. */
export type Rule = (where: string, name: string, value: unknown) => void;

const MOST_BYTES = 2 ** 31 - 1;
const LEAST_SECRET_BYTES = 32;

/** Methods that change nothing (RFC 9110 §9.2.1): a replay would be stale, and a fresh answer does no harm. */
const safeMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Values are not shown: a secret or a connection string may be among them. */
const must =
  (accepts: (value: unknown) => boolean, demand: string): Rule =>
  (where, name, value) => {
    if (!accepts(value)) throw new LatchkeyError('option-invalid', `${where}: ${name} must be ${demand}.`);
  };

const oneOf =
  (...allowed: readonly string[]): Rule =>
  (where, name, value) =>
    checkChoice(where, name, value, allowed);

const bytes: Rule = (where, name, value) => checkWholeNumber(where, name, value, 0, MOST_BYTES);
const truth = must((value) => typeof value === 'boolean', 'true or false');
const callable = must((value) => typeof value === 'function', 'a function');

const isText = (value: unknown): value is string => typeof value === 'string';
const listOf = (accepts: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(accepts);
const isSecret = (item: unknown) =>
  (isText(item) ? Buffer.byteLength(item) : item instanceof Uint8Array ? item.length : 0) >= LEAST_SECRET_BYTES;
const isMethod = (item: unknown) => isText(item) && /^[A-Z]+$/.test(item) && !safeMethods.has(item);
const isPrincipal = (value: unknown) =>
  typeof value === 'function' || value === 'authorization' || value === 'anonymous';
const isObjectWith =
  (...names: readonly string[]) =>
  (value: unknown) =>
    typeof value === 'object' && value !== null && names.every((name) => name in value);

/** The options of a route that are the HTTP layer's own. The type makes sure that none is forgotten. */
export const routeRules: Record<Exclude<keyof RouteOptions<unknown>, keyof OperationSettings>, Rule> = {
  authorizeReplay: callable,
  keep: callable,
  keyFormat: oneOf('lenient', 'strict'),
  keyRequired: truth,
  maxRequestBytes: bytes,
  maxResponseBytes: bytes,
  meaningfulFields: must(
    listOf((item) => isText(item) && fieldNamePattern.test(item)),
    'an array of field names',
  ),
  methods: must(listOf(isMethod), 'an array of methods in upper case, none of which is safe (GET, HEAD, OPTIONS)'),
  onUnstored: oneOf('send', '503'),
  recover: callable,
  volatileMembers: must(
    listOf((item) => isText(item) && isMemberPointer(item)),
    "an array of JSON Pointers, such as '/sentAt'",
  ),
};

/** The options that only a whole guard has. */
export const guardRules: Record<Exclude<keyof GuardOptions<unknown>, keyof RouteOptions<unknown>>, Rule> = {
  allowVolatileStore: truth,
  dialect: oneOf('ietf', 'stripe'),
  fingerprintSecrets: must(listOf(isSecret), `an array of secrets of at least ${LEAST_SECRET_BYTES} bytes each`),
  onEvent: callable,
  onProblem: callable,
  principal: must(isPrincipal, "a function that returns the account or tenant, 'authorization', or 'anonymous'"),
  runtime: must(isObjectWith('clock', 'timers', 'random'), 'an object with clock, timers and random'),
  store: must(isObjectWith('claim', 'complete'), 'a store, such as memoryStore() or sqliteStore()'),
};
