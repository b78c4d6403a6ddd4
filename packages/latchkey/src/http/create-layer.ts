/**
 * Makes the HTTP layer: the way of one request through key, principal, fingerprint, engine and answer.
 *
 * @module
 */

import { principalDigest } from '../core/digest.ts';
import { createEmit, type Emit } from '../core/emitter.ts';
import { Engine } from '../core/engine.ts';
import type { Operation, Outcome, Recover } from '../core/operation.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { AnyStore, TransactionKind } from '../core/store.ts';
import { answerResponse } from './answer.ts';
import { answerOutcome } from './answer-outcome.ts';
import { checkGuardOptions, checkRouteOptions } from './check-options.ts';
import { dialects } from './dialects/dialects.ts';
import type { GuardAnswer, RequestView } from './exchange.ts';
import { fingerprinter } from './fingerprint.ts';
import type { Handling, HttpLayer } from './layer.ts';
import type { GuardOptions, RouteOptions } from './options.ts';
import type { Problem } from './problem.ts';
import { type ProblemShape, problemResponse } from './problem-response.ts';
import { problem } from './problems.ts';
import { quarantineProblem } from './quarantine.ts';
import { readRequest } from './read-request.ts';
import { remembered } from './remembered.ts';
import { RequestMark } from './request-mark.ts';
import { createRoute, type GuardParts, type Route } from './route.ts';
import { type Run, runHandler } from './run-handler.ts';
import { encodeResponse, finalWrite } from './snapshot.ts';
import { createWarn, type Warn } from './warnings.ts';

/** What all routes of one guard share. */
interface Guard<Native, Kind extends TransactionKind> extends GuardParts<Native>, ProblemShape<Native> {
  readonly engine: Engine<Kind>;
  readonly store: AnyStore;
  readonly runtime: Runtime | undefined;
  readonly warn: Warn;
  /** Requests that are in the layer's hands, to find a guard that is mounted twice. */
  readonly seen: RequestMark<true>;
}

/** How many principals' digests are kept at hand. */
const MAX_REMEMBERED = 1000;

const pass: GuardAnswer = { kind: 'pass' };

/** Faults in how the application uses the guard: its author has to hear of them. */
const misuse: ReadonlySet<string> = new Set([
  'body-consumed',
  'guard-before-authentication',
  'guard-mounted-twice',
  'principal-unstable',
]);

function refuse<Native, Kind extends TransactionKind>(
  found: Problem,
  native: Native,
  guard: Guard<Native, Kind>,
): GuardAnswer {
  if (misuse.has(found.code)) guard.warn(found.code, found.detail);
  return { kind: 'answer', response: problemResponse(found, native, guard) };
}

/** True the second time that one request of the framework comes along. */
function isSeenAgain(native: unknown, seen: RequestMark<true>): boolean {
  if (typeof native !== 'object' || native === null) return false;
  if (seen.get(native)) return true;
  seen.set(native, true);
  return false;
}

function recoverHook<Native>({ options, maxResponseBytes }: Route<Native>, native: Native): Recover | undefined {
  const { recover } = options;
  if (recover === undefined) return undefined;
  return async (lapsed) => {
    const recovery = await recover(lapsed, native);
    if (recovery.verdict !== 'respond') return recovery;
    const { response, ...decided } = recovery;
    const { result } = finalWrite(encodeResponse(answerResponse(response)), maxResponseBytes);
    return { ...decided, result };
  };
}

/** Stripe keeps a 500 and replays it; whoever expects a retry to run again should be told once. */
function warnOfKeptFailure(outcome: Outcome, run: Run, warn: Warn): void {
  const meant = run.finished === true || run.overruled === 'keep';
  if (meant || outcome.kind !== 'executed' || outcome.policy !== 'refuse') return;
  const kept = outcome.recorded === 'stored' || outcome.recorded === 'tombstone';
  if (!kept || run.captured === undefined || run.captured.status < 500) return;
  warn(
    'failure-kept',
    "A 5xx answer was kept and will be replayed, because afterFailure is 'refuse'. If the handler's effects are inside steps and transactions, 'rerun' lets a retry run again.",
  );
}

async function runOperation<Native, Kind extends TransactionKind, Finished>(
  view: RequestView<Native>,
  handling: Handling<Kind, Finished>,
  operation: Operation,
  route: Route<Native>,
  guard: Guard<Native, Kind>,
): Promise<GuardAnswer> {
  const { native } = view;
  const { dialect, emit, runtime } = guard;
  const shape = (found: Problem) => problemResponse(found, native, guard);
  const acceptEncoding = view.fields('accept-encoding');
  const parts = { handling, route, dialect, operation: operation.name, acceptEncoding, emit, runtime, shape };
  const run: Run = {};
  const recover = recoverHook(route, native);
  const outcome = await guard.engine.run(recover ? { ...operation, recover } : operation, (context) =>
    runHandler(context, run, parts),
  );
  warnOfKeptFailure(outcome, run, guard.warn);
  return answerOutcome(outcome, run, { options: route.options, native, acceptEncoding, shape });
}

function underQuarantine<Native, Kind extends TransactionKind>(
  view: RequestView<Native>,
  reading: { readonly key: string; readonly operation: Operation },
  { options: { quarantine } }: Route<Native>,
  { store, emit, runtime = systemRuntime }: Guard<Native, Kind>,
): Promise<Problem | undefined> | undefined {
  if (!quarantine) return undefined;
  const request = { ...reading, fields: (name: string) => view.fields(name) };
  return quarantineProblem(quarantine, request, { store, emit, runtime });
}

async function handle<Native, Kind extends TransactionKind, Finished>(
  view: RequestView<Native>,
  handling: Handling<Kind, Finished>,
  route: Route<Native>,
  guard: Guard<Native, Kind>,
): Promise<GuardAnswer> {
  if (!route.methods.has(view.method)) return pass;
  const keyLines = view.fields('idempotency-key');
  if (keyLines.length === 0 && route.options.keyRequired !== true) return pass;
  if (isSeenAgain(view.native, guard.seen)) return refuse(problem('guard-mounted-twice'), view.native, guard);
  if (keyLines.length === 0) return refuse(problem('key-missing'), view.native, guard);
  const found = readRequest(view, keyLines, route);
  const reading = found instanceof Promise ? await found : found;
  if ('problem' in reading) return refuse(reading.problem, view.native, guard);
  const looking = underQuarantine(view, reading, route, guard);
  const quarantined = looking && (await looking);
  if (quarantined !== undefined) return refuse(quarantined, view.native, guard);
  return runOperation(view, handling, reading.operation, route, guard);
}

/** An option that is undefined is not given: it must not undo the guard's. */
function given<Native>(options: RouteOptions<Native>): RouteOptions<Native> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
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
      return layerFor({ ...options, ...given(changes) }, guard);
    },
    shutdown: (timeoutMs) => guard.engine.shutdown(timeoutMs),
  };
}

/** The options that belong to the guard as a whole, made into its parts; the rest is the route's. */
function createGuard<Native, Kind extends TransactionKind>(options: GuardOptions<Native, Kind>, emit: Emit) {
  const { store, principal, dialect, fingerprintSecrets, onProblem, onEvent, runtime } = options;
  const engine = new Engine<Kind>({ store, ...(runtime && { runtime }), ...(onEvent && { onEvent }) });
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
    seen: new RequestMark<true>(),
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
  return layerFor(options, createGuard(options, createEmit(options.onEvent)));
}
