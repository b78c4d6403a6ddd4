/**
 * What each option of the HTTP layer may be. The engine's own settings are checked in core.
 *
 * @module
 */

import { checkOptionNames, checkWholeNumber } from '../core/options/check-options.ts';
import {
  callable,
  isObjectWith,
  isText,
  listOf,
  must,
  oneOf,
  type Rule,
  sharedRules,
  truth,
} from '../core/options/option-rules.ts';
import type { OperationSettings } from '../core/settings.ts';
import { headerNamePattern } from '../protocol/headers.ts';
import type { FingerprintOptions, GuardOptions, Quarantine, RouteOptions, SaveRequestOptions } from './options.ts';
import { isMemberPointer } from './request/json-pointer.ts';

const MOST_BYTES = 2 ** 31 - 1;

/** Methods that change nothing (RFC 9110 §9.2.1): a replay would be stale, and a fresh answer does no harm. */
const safeMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

const bytes: Rule = (where, name, value) => checkWholeNumber(where, name, value, 0, MOST_BYTES);
const isMethod = (item: unknown) => isText(item) && /^[A-Z]+$/.test(item) && !safeMethods.has(item);
const isPrincipal = (value: unknown) =>
  typeof value === 'function' || value === 'authorization' || value === 'anonymous';

/** Headers that carry credentials or the key. */
const secretHeaders: ReadonlySet<string> = new Set([
  'api-key',
  'authorization',
  'cookie',
  'idempotency-key',
  'proxy-authorization',
  'x-api-key',
  'x-auth-token',
]);
const isSavedHeader = (item: unknown) =>
  isText(item) && headerNamePattern.test(item) && !secretHeaders.has(item.toLowerCase());

const saveRules: Record<keyof SaveRequestOptions, Rule> = {
  maxBytes: bytes,
  headers: must(
    listOf(isSavedHeader),
    `an array of header names, none of which carries credentials (${[...secretHeaders].join(', ')})`,
  ),
  principal: truth,
};

const isMoment = (value: unknown) =>
  value instanceof Date ? !Number.isNaN(value.getTime()) : Number.isSafeInteger(value);

const quarantineRules: Record<keyof Quarantine, Rule> = {
  before: must(isMoment, 'a Date or milliseconds since the epoch'),
  unknown: oneOf('run', 'refuse'),
};

const names = must(listOf(isText), 'an array of names');

const fingerprintRules: Record<keyof FingerprintOptions, Rule> = { ignoreQuery: names, ignoreForm: names };

function checkMembers(where: string, name: string, value: object, rules: Readonly<Record<string, Rule>>): void {
  checkOptionNames(`${where}: ${name}`, value, Object.keys(rules));
  for (const [member, rule] of Object.entries(rules)) {
    const given: unknown = Reflect.get(value, member);
    if (given !== undefined) rule(where, `${name}.${member}`, given);
  }
}

const saving: Rule = (where, name, value) => {
  if (typeof value === 'boolean') return;
  must(isObjectWith(), 'true, false or an object with maxBytes, headers or principal')(where, name, value);
  checkMembers(where, name, value as object, saveRules);
};

const fingerprinting: Rule = (where, name, value) => {
  must(isObjectWith(), 'an object with ignoreQuery or ignoreForm')(where, name, value);
  checkMembers(where, name, value as object, fingerprintRules);
};

const quarantining: Rule = (where, name, value) => {
  if (value === false) return;
  must(isObjectWith('before'), 'false or an object with before, and unknown')(where, name, value);
  quarantineRules.before(where, `${name}.before`, Reflect.get(value as object, 'before'));
  checkMembers(where, name, value as object, quarantineRules);
};

/** The options of a route that are the HTTP layer's own. The type makes sure that none is forgotten. */
export const routeRules: Record<Exclude<keyof RouteOptions<unknown>, keyof OperationSettings>, Rule> = {
  authorizeReplay: callable,
  fingerprint: fingerprinting,
  keep: callable,
  keyFormat: oneOf('lenient', 'strict'),
  keyRequired: truth,
  maxRequestBytes: bytes,
  maxResponseBytes: bytes,
  meaningfulFields: must(
    listOf((item) => isText(item) && headerNamePattern.test(item)),
    'an array of header names',
  ),
  methods: must(listOf(isMethod), 'an array of methods in upper case, none of which is safe (GET, HEAD, OPTIONS)'),
  onUnstored: oneOf('send', '503'),
  quarantine: quarantining,
  recover: callable,
  saveRequest: saving,
  scope: must((value) => isText(value) && value !== '', 'a string that is not empty'),
  volatileMembers: must(
    listOf((item) => isText(item) && isMemberPointer(item)),
    "an array of JSON Pointers, such as '/sentAt'",
  ),
};

/** The options that only a whole guard has. */
export const guardRules: Record<Exclude<keyof GuardOptions<unknown>, keyof RouteOptions<unknown>>, Rule> = {
  ...sharedRules,
  dialect: oneOf('ietf', 'stripe'),
  onProblem: callable,
  principal: must(isPrincipal, "a function that returns the account or tenant, 'authorization', or 'anonymous'"),
};

/** The options of `httpOperations`, which are the guard's as far as they matter without a client. */
export const operationsRules = {
  dialect: guardRules.dialect,
  keep: routeRules.keep,
  maxRequestBytes: bytes,
  maxResponseBytes: bytes,
  log: sharedRules.log,
  onEvent: callable,
  onProblem: callable,
} as const satisfies Readonly<Record<string, Rule>>;
