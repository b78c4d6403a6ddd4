/**
 * Makes the HTTP layer: the way of one request through key, principal, fingerprint, engine and answer.
 *
 * @module
 */

import { createEmit, type Emit } from '../core/emitter.ts';
import { Engine } from '../core/engine/engine.ts';
import type { AnyStore, TransactionKind } from '../core/store.ts';
import { principalDigest } from '../core/support/digest.ts';
import { remembered } from '../core/support/remembered.ts';
import { checkGuardOptions, checkRouteOptions } from './check-options.ts';
import type { GuardAnswer, RequestView } from './exchange.ts';
import { type Guard, GuardedRequest, type SeenRequest } from './guard.ts';
import type { Handling, HttpLayer } from './layer.ts';
import type { GuardOptions, RouteOptions } from './options.ts';
import { dialects } from './problems/dialects.ts';
import { problemResponse } from './problems/problem-response.ts';
import { problem } from './problems/problems.ts';
import { fingerprinter } from './request/fingerprint.ts';
import { readRequest } from './request/read-request.ts';
import { createRoute, type Route } from './request/route.ts';
import { RequestMark } from './request-mark.ts';
import { createWarn } from './warnings.ts';

/** How many principals' digests are kept at hand. */
const MAX_REMEMBERED = 1000;

const pass: GuardAnswer = { kind: 'pass' };

/** True the second time that one request of the framework comes along; nothing of it is kept the first time. */
function isSeenAgain(native: unknown, request: SeenRequest, seen: RequestMark<SeenRequest>): boolean {
  if (typeof native !== 'object' || native === null) return false;
  const first = seen.get(native);
  if (first === undefined) seen.set(native, request);
  else first.release();
  return first !== undefined;
}

const misnamedKey =
  'A request without the Idempotency-Key header had X-Idempotency-Key or Idempotency_Key, and ran without protection. Only Idempotency-Key is read.';

/** Other libraries, and proxies that change names, send the key under these. */
function isMisnamed(view: RequestView<unknown>): boolean {
  return view.headers('x-idempotency-key').length > 0 || view.headers('idempotency_key').length > 0;
}

function handle<Native, Kind extends TransactionKind, Finished>(
  view: RequestView<Native>,
  handling: Handling<Kind, Finished>,
  route: Route<Native>,
  guard: Guard<Native, Kind>,
): GuardAnswer | Promise<GuardAnswer> {
  if (!route.methods.has(view.method)) return pass;
  const keyLines = view.headers('idempotency-key');
  if (keyLines.length === 0 && route.options.keyRequired !== true) {
    if (isMisnamed(view)) guard.warn('key-misnamed', misnamedKey);
    return pass;
  }
  const request = new GuardedRequest(view, handling, route, guard);
  if (isSeenAgain(view.native, request, guard.seen)) return request.refuse(problem('guard-mounted-twice'));
  if (keyLines.length === 0) return request.refuse(problem('key-missing'));
  const reading = readRequest(view, keyLines, route);
  return reading instanceof Promise ? reading.then((found) => request.proceed(found)) : request.proceed(reading);
}

/** An option that is undefined is not given: it must not undo the guard's. */
function given<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
}

/** A route's options over the guard's; those of a group one by one. */
function merged<Native>(options: RouteOptions<Native>, changes: RouteOptions<Native>): RouteOptions<Native> {
  const fingerprint = { ...options.fingerprint, ...given(changes.fingerprint ?? {}) };
  return { ...options, ...given(changes), fingerprint };
}

function layerFor<Native, Kind extends TransactionKind>(
  options: RouteOptions<Native>,
  guard: Guard<Native, Kind>,
): HttpLayer<Native, Kind> {
  const route = createRoute(options, guard);
  return {
    handle: (view, handling) => handle(view, handling, route, guard),
    failed(error, native) {
      guard.emit?.({ type: 'handler-error', operation: 'the guard', error });
      return problemResponse(problem('operation-failed'), native, guard);
    },
    with(changes) {
      checkRouteOptions(changes);
      return layerFor(merged(options, changes), guard);
    },
    shutdown: (timeoutMs) => guard.engine.shutdown(timeoutMs),
  };
}

/** The options that belong to the guard as a whole, made into its parts; the rest is the route's. */
function createGuard<Native, Kind extends TransactionKind>(options: GuardOptions<Native, Kind>, emit: Emit) {
  const { store, principal, dialect, fingerprintSecrets, onProblem, runtime } = options;
  const engine = new Engine<Kind>({ store, ...(runtime && { runtime }), log: false, ...(emit && { onEvent: emit }) });
  return {
    engine,
    store: store as AnyStore,
    principal,
    dialect: dialects[dialect ?? 'ietf'],
    fingerprintsOf: fingerprinter(fingerprintSecrets ?? []),
    principalDigest: remembered(principalDigest, MAX_REMEMBERED),
    onProblem,
    emit,
    runtime,
    warn: createWarn(emit),
    seen: new RequestMark<SeenRequest>(),
  };
}

/**
 * Makes the layer that an adapter hangs into its framework.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * const layer = createHttpLayer<Request>({ store: memoryStore(), principal: 'authorization' })
 * const answer = await layer.handle(view, handling)
 * ```
 */
export function createHttpLayer<Native, Kind extends TransactionKind = never>(
  options: GuardOptions<Native, Kind>,
): HttpLayer<Native, Kind> {
  checkGuardOptions(options);
  return layerFor(options, createGuard(options, createEmit(options)));
}
