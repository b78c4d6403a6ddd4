/**
 * A route's options, with the defaults filled in and everything prepared that can be before the first request.
 *
 * @module
 */

import type { Engine } from '../../core/engine/engine.ts';
import { LatchkeyError } from '../../core/errors.ts';
import { resolveSettings } from '../../core/options/check-options.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { OperationSettings } from '../../core/settings.ts';
import type { AnyStore, TransactionKind } from '../../core/store.ts';
import type { Exchange } from '../exchange.ts';
import type { Principal, RouteOptions } from '../options.ts';
import type { ProblemShape } from '../problems/problem-response.ts';
import type { RequestMark } from '../request-mark.ts';
import { createWarn, type Warn } from '../warnings.ts';
import type { Fingerprinter } from './fingerprint.ts';
import { type IgnoredMembers, ignoredMembers } from './form-members.ts';
import { type PointerTree, pointerTree } from './json-pointer.ts';
import { type RequestSaver, requestSaver } from './request-saver.ts';

/** The longest request and response body, unless a route says otherwise. */
const MEBIBYTE = 1024 * 1024;

/** Headers of a request that change what it asks for (RFC 9110 §13.1, RFC 7240). */
const alwaysMeaningful = ['if-match', 'if-none-match', 'prefer', 'x-http-method-override'];

/** A route, ready for requests. */
export interface Route<Native> {
  readonly settings: OperationSettings;
  readonly options: RouteOptions<Native>;
  readonly methods: ReadonlySet<string>;
  readonly keyFormat: 'lenient' | 'strict';
  /** In lower case, sorted, each once. */
  readonly meaningfulFields: readonly string[];
  readonly leftOut: PointerTree | undefined;
  readonly ignoredForm: IgnoredMembers | undefined;
  /** Undefined if no query parameter is ignored. */
  readonly ignoredQuery: ReadonlySet<string> | undefined;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** Each code once for this route. */
  readonly warn: Warn;
  /** Undefined if the route saves no requests. */
  readonly saveRequest: RequestSaver | undefined;
}

/** What all routes of one guard share. */
export interface Guard<Native, Kind extends TransactionKind> extends ProblemShape<Native> {
  readonly engine: Engine<Kind>;
  readonly store: AnyStore;
  readonly runtime: Runtime | undefined;
  readonly principal: Principal<Native>;
  readonly fingerprintsOf: Fingerprinter;
  readonly principalDigest: (principal: string) => string;
  /** Each code once for this guard. */
  readonly warn: Warn;
  /** Requests that are in the guard's hands, to find one that is mounted twice. */
  readonly seen: RequestMark<Exchange<Native, Kind>>;
}

/** What a route needs to know of its guard. */
type RouteGuard<Native> = Pick<Guard<Native, never>, 'principal' | 'emit'>;

function meaningful(names: readonly string[] = []): readonly string[] {
  return [...new Set([...alwaysMeaningful, ...names.map((name) => name.toLowerCase())])].sort();
}

function saverOf<Native>({ saveRequest }: RouteOptions<Native>, { principal }: RouteGuard<Native>, warn: Warn) {
  if (typeof saveRequest === 'object' && saveRequest.principal === true && typeof principal !== 'function') {
    throw invalid('saveRequest.principal needs a principal function, whose identity is no credential');
  }
  return requestSaver<Native>(saveRequest, warn);
}

function invalid(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `The guard: ${why}.`);
}

/**
 * Prepares a route from the guard's options with the route's own over them.
 *
 * @param who - whose options these are, in errors.
 * @throws LatchkeyError `option-invalid` for a setting of the engine, or for options that don't go together.
 */
export function createRoute<Native>(
  options: RouteOptions<Native>,
  guard: RouteGuard<Native>,
  who = 'The guard',
): Route<Native> {
  const settings = resolveSettings(who, options);
  const warn = createWarn(guard.emit);
  const saveRequest = saverOf(options, guard, warn);
  if (saveRequest !== undefined && settings.afterFailure !== 'rerun') {
    throw invalid("saveRequest is for afterFailure: 'rerun'; no other record is ever run again by itself");
  }
  return {
    options,
    settings,
    warn,
    saveRequest,
    methods: new Set(options.methods ?? ['POST', 'PATCH']),
    keyFormat: options.keyFormat ?? 'lenient',
    meaningfulFields: meaningful(options.meaningfulFields),
    leftOut: pointerTree(options.volatileMembers ?? []),
    ignoredForm: ignoredMembers(options.fingerprint?.ignoreForm, options.volatileMembers),
    ignoredQuery: options.fingerprint?.ignoreQuery?.length ? new Set(options.fingerprint.ignoreQuery) : undefined,
    maxRequestBytes: options.maxRequestBytes ?? MEBIBYTE,
    maxResponseBytes: options.maxResponseBytes ?? MEBIBYTE,
  };
}
