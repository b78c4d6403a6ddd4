import type { DatabaseSync } from 'node:sqlite';
import type { Request, RequestHandler, Response } from 'express';
import type { EventListener, GuardOptions, Jsonify, StepTools, TransactionKind } from 'latchkey';
import { idempotency } from 'latchkey/express';
import type { Contract } from 'latchkey/openapi';
import { sqliteStore } from 'latchkey/sqlite';
import type { OperatorStore } from 'latchkey/store';
import { storeFromUrl } from 'latchkey/store-from-url';

/** A complete answer that was not sent yet. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
}

/** A running operation of several steps. A later attempt resumes after the last saved step. */
export interface Flow {
  readonly operationId: string;
  readonly attempt: number;
  /** An effect in the database and its saved result. If they can't be one commit, it must find its earlier effect. */
  atomic(name: string, effect: () => boolean): Promise<boolean>;
  /** A call to another system, under a key that stays the same at every attempt. */
  step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T): Promise<Jsonify<T>>;
}

/** A guard of Latchkey, and a way to make a payment together with its record. */
export interface Guard {
  readonly middleware: RequestHandler;
  /** The operation of the request; undefined without a key. */
  operationOf(request: Request): string | undefined;
  /** Pays once per key, and sends the answer. `pay` inserts a charge for the operation. */
  settle(request: Request, response: Response, pay: () => Answer): Promise<void>;
  /** The operation of a guarded request, for a handler of several steps. */
  flow(request: Request): Flow;
  /** What it promises to clients. */
  contract(): Promise<Contract>;
  shutdown(timeoutMs: number): Promise<void>;
}

/** The store of all guards' records. */
export interface Records {
  guard(options: Omit<GuardOptions<Request>, 'store'>): Guard;
  close(): Promise<void>;
}

/** The store that the guards use in place of another one, and what receives their events. */
export type Observe = <Kind extends TransactionKind>(
  store: OperatorStore<Kind>,
) => { readonly store: OperatorStore<Kind>; readonly onEvent?: EventListener };

/** Keeps the records in the charges' database, or in the store at `storeUrl`. */
export async function openRecords(
  database: DatabaseSync,
  storeUrl: string | undefined,
  observe: Observe = (store) => ({ store }),
): Promise<Records> {
  return storeUrl === undefined ? recordsBeside(database, observe) : recordsIn(await storeFromUrl(storeUrl), observe);
}

/** Records and charges are in one database: charge, answer and completion are one commit. */
function recordsBeside(database: DatabaseSync, observe: Observe): Records {
  const observed = observe(sqliteStore({ database }));
  return {
    guard(options) {
      const guard = idempotency({ ...options, ...observed });
      return guardOf(guard, {
        settle: (request, _response, pay) => guard.context(request).finish(pay),
        flow: (request) =>
          flowOf(guard.context(request), (name, effect) => guard.context(request).transaction(name, effect)),
      });
    },
    close: () => observed.store.close(),
  };
}

/**
 * A charge here and a record there cannot share a commit, so the charge is a step: if a worker dies between the two,
 * the next attempt finds the charge by its operation.
 */
function recordsIn(store: OperatorStore, observe: Observe): Records {
  const observed = observe(store);
  return {
    guard(options) {
      const guard = idempotency({ ...options, ...observed });
      return guardOf(guard, {
        settle: async (request, response, pay) => send(response, await guard.context(request).step('charge', pay)),
        flow: (request) => flowOf(guard.context(request), (name, effect) => guard.context(request).step(name, effect)),
      });
    },
    close: () => store.close(),
  };
}

interface AnyGuard extends RequestHandler {
  tryContext(request: Request): { readonly operationId: string } | undefined;
  contract(): Promise<Contract>;
  shutdown(timeoutMs: number): Promise<void>;
}

function flowOf(context: Omit<Flow, 'atomic'>, atomic: Flow['atomic']): Flow {
  const { operationId, attempt } = context;
  return { operationId, attempt, atomic, step: (name, fn) => context.step(name, fn) };
}

function guardOf(guard: AnyGuard, ways: Pick<Guard, 'settle' | 'flow'>): Guard {
  return {
    middleware: guard,
    operationOf: (request) => guard.tryContext(request)?.operationId,
    ...ways,
    contract: () => guard.contract(),
    shutdown: (timeoutMs) => guard.shutdown(timeoutMs),
  };
}

/** Sends an answer unchanged. */
export function send(response: Response, { status, headers, body }: Answer | Jsonify<Answer>): void {
  response
    .status(status)
    .set(headers ?? {})
    .send(body);
}
