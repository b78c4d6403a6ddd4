/**
 * The option tables of a guard and of a route.
 *
 * @module
 */

import { observerTable, secretsRule, storeRule } from '../core/options/common.ts';
import {
  anyOf,
  arrayOf,
  type Completed,
  callable,
  called,
  defaultTo,
  either,
  flag,
  group,
  integer,
  isText,
  must,
  type OptionTable,
  oneOf,
  required,
} from '../core/options/rules.ts';
import { operationTable } from '../core/settings.ts';
import type { TransactionKind } from '../core/store.ts';
import { headerNamePattern } from '../protocol/headers.ts';
import type { GuardOptions, RouteOptions } from './options.ts';
import { type Dialect, isDialect } from './problems/dialect.ts';
import { ietf } from './problems/ietf.ts';
import { isMemberPointer } from './request/json-pointer.ts';

const MEBIBYTE = 1024 * 1024;

/** Safe methods (RFC 9110 §9.2.1): repeating them is harmless, and a replay would be outdated. */
const safeMethods: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

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

const isMethod = (item: unknown) => isText(item) && /^[A-Z]+$/.test(item) && !safeMethods.has(item);
const isHeader = (item: unknown) => isText(item) && headerNamePattern.test(item);
const isSavedHeader = (item: unknown) => isHeader(item) && !secretHeaders.has(String(item).toLowerCase());
const isMoment = (value: unknown) =>
  value instanceof Date ? !Number.isNaN(value.getTime()) : Number.isSafeInteger(value);
const isPrincipal = (value: unknown) =>
  typeof value === 'function' || value === 'authorization' || value === 'anonymous';

const bytes = integer({ min: 0, max: 2 ** 31 - 1, default: MEBIBYTE });
const names = arrayOf<string>('names', isText);
const savedHeaders = `header names other than ${[...secretHeaders].join(', ')}`;

const saveTable = {
  maxBytes: integer({ min: 0, max: 2 ** 31 - 1, default: 65_536 }),
  headers: arrayOf<string>(savedHeaders, isSavedHeader),
  principal: flag(false),
};

const fingerprintTable = {
  body: oneOf<'canonical' | 'bytes'>('canonical', 'bytes'),
  headers: arrayOf<string>('header names', isHeader),
  ignore: arrayOf<string>("JSON Pointers, such as '/sentAt'", (item) => isText(item) && isMemberPointer(item)),
  ignoreQuery: names,
  ignoreForm: names,
};

const requestTable = { maxBytes: bytes, save: either(flag(false), saveTable) };

const responseTable = {
  maxBytes: called('maxBodySize maxSize', bytes),
  keep: callable,
  authorizeReplay: callable,
  reference: callable,
  rebuild: callable,
  whenUnstored: anyOf('send', '503'),
};

/** The options of a route. */
export const routeTable = {
  ...operationTable,
  methods: arrayOf('upper-case methods other than GET, HEAD, OPTIONS, TRACE and CONNECT', isMethod, ['POST', 'PATCH']),
  scope: must('a non-empty string', (value) => isText(value) && value !== ''),
  recover: callable,
  restored: either(defaultTo<false>(anyOf(false), false), {
    at: required(must('a Date or milliseconds since the epoch', isMoment)),
    unknownKeys: oneOf<'run' | 'refuse'>('run', 'refuse'),
  }),
  key: group({
    required: called('enforce enforceIdempotency requireKey', flag(false)),
    format: oneOf<'lenient' | 'strict'>('lenient', 'strict'),
  }),
  fingerprint: group(fingerprintTable),
  request: group(requestTable),
  response: group(responseTable),
} satisfies OptionTable<RouteOptions<unknown>>;

/** The options of a guard. */
export const guardTable = {
  store: storeRule,
  principal: called(
    'getUser getUserId keyGenerator tenant userId',
    required(must("a function that returns the account or tenant, 'authorization', or 'anonymous'", isPrincipal)),
  ),
  ...routeTable,
  fingerprint: group({ ...fingerprintTable, secrets: secretsRule }),
  dialect: defaultTo<Dialect>(
    must('a dialect of latchkey/dialects, or an object with name and shape', isDialect),
    ietf,
  ),
  onProblem: callable,
  ...observerTable,
} satisfies OptionTable<GuardOptions<unknown>>;

/** Additional options of the guards of edge runtimes: see `FetchGuardOptions` and `HonoGuardOptions`. */
export const edgeTable = { waitUntil: callable };

/** A route's options with defaults. */
export type RouteSettings<Native> = Completed<RouteOptions<Native>, typeof routeTable>;

/** A guard's options with defaults. */
export type GuardSettings<Native, Kind extends TransactionKind> = Completed<
  GuardOptions<Native, Kind>,
  typeof guardTable
>;
