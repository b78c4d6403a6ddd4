/**
 * Creates the HTTP layer of a guard from its options.
 *
 * @module
 */

import { Engine } from '../core/engine/engine.ts';
import { createEmit, type RequestLog } from '../core/log.ts';
import { checkSealed } from '../core/options/common.ts';
import { readOptions } from '../core/options/read-options.ts';
import type { Rule } from '../core/options/rules.ts';
import { noteSettings } from '../core/settings.ts';
import type { AnyStore, TransactionKind } from '../core/store.ts';
import { guardRequest } from './guard.ts';
import type { HttpLayer } from './layer.ts';
import { type GuardSettings, guardTable, type RouteSettings, routeTable } from './option-tables.ts';
import type { GuardOptions } from './options.ts';
import type { Dialect } from './problems/dialect.ts';
import { problemResponse } from './problems/problem-response.ts';
import { problem } from './problems/problems.ts';
import { fingerprinter } from './request/fingerprint.ts';
import { createRoute, type Guard, invalid, loadOnDemand } from './request/route.ts';
import { RequestMark } from './request-mark.ts';
import { createWarn } from './warnings.ts';

/** @throws LatchkeyError `option-invalid` for a route without the options that the dialect needs. */
function checkDialect<Native>(options: RouteSettings<Native>, dialect: Dialect): void {
  const { methods, afterFailure, key, fingerprint, timing } = options;
  const lacking = dialect.lacks?.({
    methods,
    afterFailure,
    keyRequired: key.required,
    comparedBy: fingerprint.body,
    retentionMs: timing.retentionMs,
  });
  if (lacking?.length) throw invalid(`the dialect ${dialect.name} needs ${lacking.join(' and ')}`);
}

function layerFor<Native, Kind extends TransactionKind>(
  options: RouteSettings<Native>,
  guard: Guard<Native, Kind>,
): HttpLayer<Native, Kind> {
  const route = createRoute(options, guard);
  noteSettings(guard.store, route.settings);
  const { reference, rebuild } = options.response;
  if (reference && !rebuild) throw invalid('response.reference needs response.rebuild');
  checkDialect(options, guard.dialect);
  return {
    handle: (exchange) => guardRequest(exchange, route, guard),
    peek: async (request) => (await loadOnDemand()).peekRequest(request, route, guard),
    contract: async () => (await loadOnDemand()).contractOf(route, guard),
    contractBy: (read) => read(route, guard),
    health: async () => (await loadOnDemand()).healthOf(guard),
    failed(error, native) {
      guard.emit?.({ type: 'handler-error', operation: 'the guard', error });
      return problemResponse(problem('operation-failed'), native, guard);
    },
    with: (changes) => layerFor(readOptions('The route', routeTable, changes, options), guard),
    shutdown(timeoutMs) {
      guard.isClosing = true;
      return guard.engine.shutdown(timeoutMs);
    },
  };
}

/** Creates the guard's parts from the options of the whole guard. The other options belong to the route. */
function createGuard<Native, Kind extends TransactionKind>(
  options: GuardSettings<Native, Kind>,
  requestLog: RequestLog | undefined,
): Guard<Native, Kind> {
  const { store, principal, dialect, fingerprint, onProblem, onEvent, log, runtime } = options;
  checkSealed('The guard', store, fingerprint.secrets);
  const emit = createEmit({ onEvent, log, requestLog, runtime });
  const engine = new Engine<Kind>({ store, runtime, log: false, ...(emit && { onEvent: emit }) });
  return {
    engine,
    store: store as AnyStore,
    principal,
    isClosing: false,
    dialect,
    fingerprintsOf: fingerprinter(fingerprint.secrets),
    onProblem,
    emit,
    runtime,
    warn: createWarn(emit),
    seen: new RequestMark(),
  };
}

/**
 * Creates the layer that an adapter connects to its framework.
 *
 * @param own - the additional options of the adapter, which the adapter uses itself.
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * const layer = createHttpLayer<Request>({ store: memoryStore(), principal: 'authorization' })
 * const answer = await layer.handle(exchange)
 * ```
 */
export function createHttpLayer<Native, Kind extends TransactionKind = never>(
  options: GuardOptions<Native, Kind>,
  own: Readonly<Record<string, Rule<unknown>>> = {},
  requestLog?: RequestLog,
): HttpLayer<Native, Kind> {
  const table: typeof guardTable = { ...guardTable, ...own };
  const settings = readOptions('The guard', table, options);
  return layerFor(settings, createGuard(settings, requestLog));
}
