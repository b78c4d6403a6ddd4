/**
 * A route's options with defaults, prepared before the first request.
 *
 * @module
 */

import type { Engine } from '../../core/engine/engine.ts';
import { loadAudit } from '../../core/engine/recovery.ts';
import { LatchkeyError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import { type OperationSettings, settingsOf } from '../../core/settings.ts';
import type { AnyStore, TransactionKind } from '../../core/store.ts';
import type { Exchange } from '../exchange.ts';
import type { RouteSettings } from '../option-tables.ts';
import type { Principal } from '../options.ts';
import type { ProblemShape } from '../problems/problem-response.ts';
import type { RequestMark } from '../request-mark.ts';
import { createWarn, type Warn } from '../warnings.ts';
import type { Fingerprinter } from './fingerprint.ts';
import { type IgnoredMembers, ignoredMembers } from './form-members.ts';
import { type PointerTree, pointerTree } from './json-pointer.ts';
import { type RequestSaver, requestSaver } from './request-saver.ts';

/** Request headers that change the meaning of the request (RFC 9110 §13.1, RFC 7240). */
const alwaysMeaningful = ['if-match', 'if-none-match', 'prefer', 'x-http-method-override'];

/** A route, ready for requests. */
export interface Route<Native> {
  readonly settings: OperationSettings;
  readonly options: RouteSettings<Native>;
  readonly methods: ReadonlySet<string>;
  /** In lower case, sorted, without duplicates. */
  readonly meaningfulHeaders: readonly string[];
  /** True to compare JSON by its bytes too. */
  readonly byBytes: boolean;
  readonly leftOut: PointerTree | undefined;
  readonly ignoredForm: IgnoredMembers | undefined;
  /** Undefined if no query parameter is ignored. */
  readonly ignoredQuery: ReadonlySet<string> | undefined;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** Reports each code once for this route. */
  readonly warn: Warn;
  /** Undefined if the route saves no requests. */
  readonly saveRequest: RequestSaver | undefined;
}

/** The parts that all routes of one guard share. */
export interface Guard<Native, Kind extends TransactionKind> extends ProblemShape<Native> {
  readonly engine: Engine<Kind>;
  readonly store: AnyStore;
  readonly runtime: Runtime | undefined;
  readonly principal: Principal<Native>;
  readonly fingerprintsOf: Fingerprinter;
  /** Reports each code once for this guard. */
  readonly warn: Warn;
  /** Requests in the guard, to detect a guard that is mounted twice. */
  readonly seen: RequestMark<Exchange<Native, Kind>>;
}

/** The parts of the guard that a route needs. */
type RouteGuard<Native> = Pick<Guard<Native, never>, 'principal' | 'emit'>;

function meaningful(names: readonly string[]): readonly string[] {
  return [...new Set([...alwaysMeaningful, ...names.map((name) => name.toLowerCase())])].sort();
}

/** @throws LatchkeyError `option-invalid` for options that can't be combined. */
function checkTogether<Native>(options: RouteSettings<Native>, principal: Principal<Native>): void {
  const { afterFailure, request, fingerprint } = options;
  if (typeof request.save === 'object' && request.save.principal === true && typeof principal !== 'function') {
    throw invalid('request.save.principal needs a principal function that does not return a credential');
  }
  if (request.save !== false && afterFailure !== 'rerun') {
    throw invalid("request.save needs afterFailure: 'rerun'; other records are never rerun automatically");
  }
  if (fingerprint.body === 'bytes' && fingerprint.ignore.length > 0) {
    throw invalid("fingerprint.ignore can't be used with fingerprint.body: 'bytes', which does not parse JSON");
  }
}

function invalid(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `The guard: ${why}.`);
}

/**
 * Prepares a route from its options.
 *
 * @throws LatchkeyError `option-invalid` for options that can't be combined.
 */
export function createRoute<Native>(options: RouteSettings<Native>, guard: RouteGuard<Native>): Route<Native> {
  checkTogether(options, guard.principal);
  loadAhead(options);
  const { methods, fingerprint } = options;
  const warn = createWarn(guard.emit);
  return {
    options,
    settings: settingsOf(options),
    warn,
    saveRequest: requestSaver(options.request.save, warn),
    methods: new Set(methods),
    meaningfulHeaders: meaningful(fingerprint.headers),
    byBytes: fingerprint.body === 'bytes',
    leftOut: pointerTree(fingerprint.ignore),
    ignoredForm: ignoredMembers(fingerprint.ignoreForm, fingerprint.ignore),
    ignoredQuery: fingerprint.ignoreQuery.length > 0 ? new Set(fingerprint.ignoreQuery) : undefined,
    maxRequestBytes: options.request.maxBytes,
    maxResponseBytes: options.response.maxBytes,
  };
}

/**
 * Starts to load modules that only some routes need. A failed load is tried again, and reported, when the module is
 * needed.
 */
function loadAhead<Native>({ recover, restored }: RouteSettings<Native>): void {
  if (recover !== undefined) loadAudit().catch(() => {});
  if (restored !== false) loadQuarantine().catch(() => {});
}

/** Only routes with `restored` need it. */
export const loadQuarantine = () => import('./quarantine.ts');
