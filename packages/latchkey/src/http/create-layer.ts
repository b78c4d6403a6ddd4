/**
 * Makes the HTTP layer of a guard from its options.
 *
 * @module
 */

import { createEmit, type Emit } from '../core/emitter.ts';
import { Engine } from '../core/engine/engine.ts';
import type { AnyStore, TransactionKind } from '../core/store.ts';
import { principalDigest } from '../core/support/digest.ts';
import { remembered } from '../core/support/remembered.ts';
import { checkGuardOptions, checkRouteOptions } from './check-options.ts';
import { guardRequest } from './guard.ts';
import type { HttpLayer } from './layer.ts';
import type { GuardOptions, RouteOptions } from './options.ts';
import { dialects } from './problems/dialects.ts';
import { problemResponse } from './problems/problem-response.ts';
import { problem } from './problems/problems.ts';
import { fingerprinter } from './request/fingerprint.ts';
import { createRoute, type Guard } from './request/route.ts';
import { RequestMark } from './request-mark.ts';
import { createWarn } from './warnings.ts';

/** How many principals' digests are kept at hand. */
const MAX_REMEMBERED = 1000;

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
    handle: (exchange) => guardRequest(exchange, route, guard),
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
function createGuard<Native, Kind extends TransactionKind>(
  options: GuardOptions<Native, Kind>,
  emit: Emit,
): Guard<Native, Kind> {
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
    seen: new RequestMark(),
  };
}

/**
 * Makes the layer that an adapter hangs into its framework.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * const layer = createHttpLayer<Request>({ store: memoryStore(), principal: 'authorization' })
 * const answer = await layer.handle(exchange)
 * ```
 */
export function createHttpLayer<Native, Kind extends TransactionKind = never>(
  options: GuardOptions<Native, Kind>,
): HttpLayer<Native, Kind> {
  checkGuardOptions(options);
  return layerFor(options, createGuard(options, createEmit(options)));
}
