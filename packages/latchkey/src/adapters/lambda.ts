/**
 * The guard for AWS Lambda behind API Gateway (payload formats 1.0 and 2.0), function URLs and load balancers.
 *
 * @example
 * ```ts
 * const guard = idempotency({
 *   store: await storeFromUrl('dynamodb://eu-central-1/records'),
 *   principal: (event: APIGatewayProxyEventV2WithJWTAuthorizer) => String(event.requestContext.authorizer.jwt.claims.sub),
 * })
 * export const handler = guard.withContext(async (context, event) => {
 *   const charge = await context.step('charge', ({ idempotencyKey }) => provider.charge({ idempotencyKey }))
 *   return { statusCode: 201, body: JSON.stringify(charge) }
 * })
 * ```
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { TransactionKind } from '../core/store.ts';
import { createHttpLayer } from '../http/create-layer.ts';
import type { HttpContext, HttpLayer, Peek } from '../http/layer.ts';
import type { GuardOptions, RouteOptions } from '../http/options.ts';
import { GuardContexts, type GuardFace } from './guard-contexts.ts';
import { isRequest, type LambdaEvent } from './lambda-parts/event.ts';
import { LambdaExchange } from './lambda-parts/exchange.ts';
import { Invocations } from './lambda-parts/invocations.ts';
import { lambdaTable } from './lambda-parts/options.ts';
import type { LambdaResult } from './lambda-parts/result.ts';

export type { EventValues, LambdaEvent } from './lambda-parts/event.ts';
export type { LambdaResult } from './lambda-parts/result.ts';

/** The part of Lambda's second argument that the guard reads. */
export interface LambdaInvocation {
  getRemainingTimeInMillis(): number;
}

/** The context of a guarded request. */
export type LambdaContext<Kind extends TransactionKind = never> = HttpContext<Kind, LambdaResult>;

/** The return type of {@link idempotency}. */
export interface LambdaGuard<Kind extends TransactionKind = never, Event extends LambdaEvent = LambdaEvent>
  extends GuardFace<LambdaEvent, Kind, LambdaResult> {
  /**
   * Puts the guard before an asynchronous handler, whose arguments stay the same: `guard.context(event)` returns the
   * context. The handler gets a shallow copy of the event. An error of the handler becomes a 500 of the guard.
   * `context.finish` resolves to the result, which the handler must return. An event that is no request of an HTTP
   * client, such as one of a schedule, reaches the handler without protection.
   *
   * @throws LatchkeyError `option-invalid` for a handler with a callback or a response stream.
   * @example
   * ```ts
   * export const handler = guard(async (event: APIGatewayProxyEventV2) => ({ statusCode: 201, body: await place(event) }))
   * ```
   */
  <E extends Event = Event, Invocation extends LambdaInvocation = LambdaInvocation, Result = LambdaResult>(
    handler: (event: E, invocation: Invocation) => Result | Promise<Result>,
  ): (event: E, invocation: Invocation) => Promise<Result | LambdaResult>;
  /**
   * Puts the guard before a handler that needs its context and gets it before Lambda's arguments. The key is therefore
   * required: a request without one gets 400 `key-missing`.
   *
   * @throws LatchkeyError `option-invalid` for a handler with a callback or a response stream; `context-missing`, as a
   * rejection, for a method that is not guarded and an event that is no request.
   * @example
   * ```ts
   * export const handler = guard.withContext(async (context, event: APIGatewayProxyEventV2) => {
   *   const charged = await context.fetch('charge', 'https://pay.example/charges', { method: 'POST', body: event.body })
   *   return { statusCode: charged.status, body: await charged.text() }
   * })
   * ```
   */
  withContext<E extends Event = Event, Invocation extends LambdaInvocation = LambdaInvocation, Result = LambdaResult>(
    handler: (context: LambdaContext<Kind>, event: E, invocation: Invocation) => Result | Promise<Result>,
  ): (event: E, invocation: Invocation) => Promise<Result | LambdaResult>;
  /** Returns the guard with other settings for some routes. It shares store and engine. */
  with(route: RouteOptions<Event>): LambdaGuard<Kind, Event>;
}

/** The options of the guard. */
export interface LambdaGuardOptions<Kind extends TransactionKind = never, Event extends LambdaEvent = LambdaEvent>
  extends GuardOptions<Event, Kind> {
  /**
   * How long before the end of an invocation (`getRemainingTimeInMillis()`) its attempt is abandoned: the signal aborts,
   * and the record lapses at once, so the next attempt need not wait for the lease. A request that finds less time left
   * is not begun (503 `nothing-happened`), so set it below the function's timeout. Default 1,000.
   */
  readonly marginMs?: number;
}

/** The parts that all wrapped handlers of a guard share. */
interface Parts<Kind extends TransactionKind> {
  readonly contexts: GuardContexts<Kind, LambdaResult>;
  readonly invocations: Invocations;
  readonly clock: Runtime['clock'];
  readonly marginMs: number;
}

/** Runs the handler; the context is undefined for an event that the guard lets pass. */
type Call<Event, Kind extends TransactionKind, Result> = (
  event: Event,
  context: LambdaContext<Kind> | undefined,
) => Result | Promise<Result>;

/**
 * Creates a guard for Lambda handlers. Create it outside the handler, so that the invocations of a process share it.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 */
export function idempotency<Kind extends TransactionKind = never, Event extends LambdaEvent = LambdaEvent>(
  options: LambdaGuardOptions<Kind, Event>,
): LambdaGuard<Kind, Event> {
  const runtime = options?.runtime ?? systemRuntime;
  const invocations = new Invocations(runtime);
  const layer = createHttpLayer<Event, Kind>({ ...options, runtime: { ...runtime, timers: invocations } }, lambdaTable);
  const { marginMs = lambdaTable.marginMs.default } = options;
  return guardFor<Kind, Event>(layer, { contexts: new GuardContexts(), invocations, clock: runtime.clock, marginMs });
}

function guardFor<Kind extends TransactionKind, Event extends LambdaEvent>(
  layer: HttpLayer<Event, Kind>,
  parts: Parts<Kind>,
): LambdaGuard<Kind, Event> {
  const { contexts } = parts;
  function guard<E extends Event, Invocation extends LambdaInvocation, Result>(
    handler: (event: E, invocation: Invocation) => Result | Promise<Result>,
  ) {
    refuseOldForms(handler, 2);
    return function guardedHandler(this: unknown, event: E, invocation: Invocation): Promise<Result | LambdaResult> {
      return guarded(layer, parts, event, invocation, (received: E) => handler.call(this, received, invocation));
    };
  }
  function withContext<E extends Event, Invocation extends LambdaInvocation, Result>(
    handler: (context: LambdaContext<Kind>, event: E, invocation: Invocation) => Result | Promise<Result>,
  ) {
    refuseOldForms(handler, 3);
    const strict = layer.with({ key: { required: true } });
    return function guardedHandler(this: unknown, event: E, invocation: Invocation): Promise<Result | LambdaResult> {
      return guarded(strict, parts, event, invocation, (received: E, context) => {
        if (context === undefined) throw unguarded();
        return handler.call(this, context, received, invocation);
      });
    };
  }
  return Object.assign(guard, {
    withContext,
    with: (route: RouteOptions<Event>) => guardFor(layer.with(route), parts),
    context: (event: LambdaEvent) => contexts.get(event),
    tryContext: (event: LambdaEvent) => contexts.tryGet(event),
    contract: () => layer.contract(),
    health: () => layer.health(),
    peek: (event: Event) => peek(layer, parts, event),
    shutdown: (timeoutMs?: number) => layer.shutdown(timeoutMs),
  });
}

/** Timers run only during an invocation, also the one that limits the read. */
async function peek<Kind extends TransactionKind, Event extends LambdaEvent>(
  layer: HttpLayer<Event, Kind>,
  { clock, invocations }: Parts<Kind>,
  event: Event,
): Promise<Peek> {
  if (!isRequest(event)) return 'none';
  invocations.begin();
  try {
    return await layer.peek(new LambdaExchange({ event: { ...event }, endsAt: undefined, clock, invocations }));
  } finally {
    await invocations.end();
  }
}

/** The answer of such a handler would never be seen: its return value is undefined. */
function refuseOldForms(handler: { readonly length: number }, most: number): void {
  if (handler.length <= most) return;
  throw new LatchkeyError(
    'option-invalid',
    'The handler has a parameter too many. Handlers with a callback and handlers that stream their response are not ' +
      'supported: return the result from an async function.',
  );
}

function unguarded(): LatchkeyError {
  return new LatchkeyError(
    'context-missing',
    'A handler of guard.withContext() was called with a method or an event that is not guarded, so there is no context. ' +
      'Add the method to the option `methods`, or use guard(handler) and guard.tryContext(event).',
  );
}

async function guarded<Kind extends TransactionKind, Event extends LambdaEvent, E extends Event, Result>(
  layer: HttpLayer<Event, Kind>,
  { contexts, invocations, clock, marginMs }: Parts<Kind>,
  given: E,
  invocation: LambdaInvocation,
  call: Call<E, Kind, Result>,
): Promise<Result | LambdaResult> {
  if (!isRequest(given)) return call(given, undefined);
  // A copy, since an application's tests may send one event twice, and each request is marked.
  const event = { ...given };
  // Tests and some local runtimes have no invocation.
  const remainingMs = invocation?.getRemainingTimeInMillis?.();
  const endsAt = remainingMs === undefined ? undefined : clock.monotonic() + remainingMs - marginMs;
  const run: (running: { readonly context: LambdaContext<Kind> }) => Promise<Result> = async (running) => {
    contexts.set(event, running);
    return call(event, running.context);
  };
  invocations.begin();
  try {
    const exchange = new LambdaExchange<Event, Kind>({ event, endsAt, clock, invocations, run });
    const answer = await layer.handle(exchange);
    return answer.kind === 'pass' ? await call(event, undefined) : exchange.resultOf(answer);
  } finally {
    await invocations.end(endsAt);
  }
}
