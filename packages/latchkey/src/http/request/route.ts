/**
 * A route's options with defaults, prepared before the first request.
 *
 * @module
 */

import type { Engine } from '../../core/engine/engine.ts';
import { loadRecovery, loadWaiting } from '../../core/engine/on-demand.ts';
import { LatchkeyError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import { type OperationSettings, settingsOf } from '../../core/settings.ts';
import type { AnyStore, TransactionKind } from '../../core/store.ts';
import type { Exchange, PeekedBody } from '../exchange.ts';
import type { RouteSettings } from '../option-tables.ts';
import type { Principal } from '../options.ts';
import type { ProblemShape } from '../problems/problem-response.ts';
import type { RequestMark } from '../request-mark.ts';
import { createWarn, type Warn } from '../warnings.ts';
import type { Fingerprinter } from './fingerprint.ts';
import { type IgnoredMembers, ignoredMembers } from './form-members.ts';
import { type PointerTree, pointerTree } from './json-pointer.ts';

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
  /** True if the claim needs code that is loaded on demand: for `recover`, `restored`, `request.save` and `response.reference`. */
  readonly preparesClaim: boolean;
}

/** The parts that all routes of one guard share. */
export interface Guard<Native, Kind extends TransactionKind> extends ProblemShape<Native> {
  readonly engine: Engine<Kind>;
  readonly store: AnyStore;
  readonly runtime: Runtime | undefined;
  readonly principal: Principal<Native>;
  /** True once a shutdown has begun. */
  isClosing: boolean;
  readonly fingerprintsOf: Fingerprinter;
  /** Reports each code once for this guard. */
  readonly warn: Warn;
  /** Requests in the guard, to detect a guard that is mounted twice; before that, what `peek` has kept of them. */
  readonly seen: RequestMark<Exchange<Native, Kind> | PeekedBody>;
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

/** The error for options of a guard or a route. */
export function invalid(why: string): LatchkeyError {
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
    preparesClaim: preparesClaim(options),
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

function preparesClaim<Native>({ recover, request, response, restored }: RouteSettings<Native>): boolean {
  return recover !== undefined || restored !== false || request.save !== false || response.reference !== undefined;
}

/**
 * Starts to load modules that only some routes need. A failed load is tried again, and reported, when the module is
 * needed.
 */
function loadAhead<Native>(options: RouteSettings<Native>): void {
  if (options.recover !== undefined) loadRecovery().catch(() => {});
  if (options.whenRunning !== 'conflict') loadWaiting().catch(() => {});
  if (preparesClaim(options)) loadOnDemand().catch(() => {});
}

type OnDemand = typeof import('../on-demand.ts');
let onDemand: OnDemand | undefined;

/** Loads the parts that few applications use. */
export async function loadOnDemand(): Promise<OnDemand> {
  onDemand ??= await import('../on-demand.ts');
  return onDemand;
}
