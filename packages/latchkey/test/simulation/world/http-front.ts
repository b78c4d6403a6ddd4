/** Requests through the whole HTTP layer with the fetch adapter. */

import { type FetchContext, type FetchGuard, idempotency } from '../../../src/adapters/fetch.ts';
import { NothingHappenedError } from '../../../src/core/errors.ts';
import type { LapsedOperation } from '../../../src/core/operation.ts';
import type { OperatorStore, StoredResult } from '../../../src/core/store.ts';
import { recordId } from '../../../src/core/support/digest.ts';
import type { Answer, RouteOptions } from '../../../src/http/options.ts';
import { loadOnDemand } from '../../../src/http/request/route.ts';
import { decodeResponse, encodeResponse } from '../../../src/http/response/snapshot.ts';
import { STATUS_HEADER } from '../../../src/protocol/headers.ts';
import { OWN_ANSWER, parseStatus } from '../../../src/protocol/status-header.ts';
import { failure, recovered } from './answer-body.ts';
import type { Front, FrontAnswer, Incoming } from './front.ts';
import { Attempt, type Made, type Surroundings, unpadded } from './handler.ts';
import type { AnswerKind } from './history.ts';
import { type AppRules, settingsUnder } from './rules.ts';
import type { Worker } from './worker.ts';
import type { SimKind } from './worker-store.ts';

// A simulated request must not wait in real time for a module that is loaded on first use.
await loadOnDemand();

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The answer in a stored result of {@link HttpFront}. */
export function httpBody({ kind, bytes }: StoredResult): string | undefined {
  return kind === 'tombstone' ? undefined : unpadded(decoder.decode(decodeResponse(bytes).body));
}

/** An answer as {@link HttpFront} stores it. */
export function httpResult(body: string): StoredResult {
  return encodeResponse({ status: 200, headers: [], body: encoder.encode(body) }, body.length).result;
}

const statuses: Record<Made['outcome'], number> = { done: 201, failed: 500, 'nothing-happened': 503 };

function answer({ outcome, body }: Made): Answer {
  const headers = outcome === 'nothing-happened' ? new NothingHappenedError().headers : {};
  return { status: statuses[outcome], headers, body };
}

/** One worker's guard. */
export class HttpFront implements Front {
  readonly #guard: FetchGuard<SimKind>;
  readonly #worker: Worker;
  readonly #world: Surroundings;
  readonly #rules: AppRules;
  /** The state of a record, from the guard's events. */
  readonly #recorded = new Map<string, string>();

  constructor(worker: Worker, store: OperatorStore<SimKind>, world: Surroundings, rules: AppRules) {
    this.#worker = worker;
    this.#world = world;
    this.#rules = rules;
    this.#guard = idempotency<SimKind>({
      store,
      runtime: worker.runtime,
      log: false,
      principal: (request) => request.headers.get('principal') ?? undefined,
      onEvent: (event) => {
        if (event.type === 'executed') this.#recorded.set(event.id, event.recorded);
      },
    });
  }

  async handle(incoming: Incoming): Promise<FrontAnswer> {
    const { name } = incoming.route;
    const principal = this.#rules.scopesByPrincipal ? incoming.principal : 'all';
    const handle = this.#guard.with(this.#options(incoming)).withContext((context) => this.#run(incoming, context));
    const headers = { 'idempotency-key': incoming.key, principal, 'content-type': 'application/json' };
    const body = JSON.stringify({ payload: incoming.payload });
    const response = await handle(new Request(`http://shop.test/${name}`, { method: 'POST', headers, body }));
    const id = recordId(principal, ['POST', `/${name}`], incoming.key);
    return readAnswer(response, await response.text(), this.#recorded.get(id));
  }

  /** Completers are only simulated with the engine. */
  complete(): () => void {
    return () => {};
  }

  shutdown(timeoutMs: number): Promise<void> {
    return this.#guard.shutdown(timeoutMs);
  }

  #options(incoming: Incoming): RouteOptions<Request> {
    const { recover } = incoming.route;
    return {
      ...optionsOf(settingsUnder(this.#rules, incoming.route)),
      ...(recover && { recover: (lapsed: LapsedOperation) => this.#recover(lapsed, recover, incoming) }),
    };
  }

  async #run(incoming: Incoming, context: FetchContext<SimKind>): Promise<Response> {
    const attempt = new Attempt<Answer>(incoming, this.#worker, this.#world, context, answer);
    const made = await attempt
      .run()
      .catch((): Made => ({ outcome: 'failed', body: failure(incoming, context.operationId) }));
    const { status = 200, headers = {} } = answer(made);
    return new Response(made.body, { status, headers: { ...headers } as Record<string, string> });
  }

  #recover({ operationId, attempt }: LapsedOperation, decision: 'respond' | 'rerun' | 'leave', incoming: Incoming) {
    const worker = this.#worker.name;
    this.#world.history.add({ type: 'recovered', worker, operationId, attempt, decision });
    if (decision !== 'respond') return { decision };
    const response: Answer = { status: 200, body: recovered(incoming, operationId, `${worker} at ${attempt}`) };
    return { decision, response };
  }
}

/** The engine's settings as the options of a route. */
function optionsOf({
  afterFailure,
  whenRunning,
  waitMs = 10_000,
  whenStoreDown,
  markStepStarts: markStarts,
  ...timing
}: ReturnType<typeof settingsUnder>) {
  return {
    afterFailure,
    timing,
    ...(markStarts !== undefined && { steps: { markStarts } }),
    ...(whenStoreDown && { whenStoreDown }),
    ...(whenRunning && { whenRunning: whenRunning === 'wait' ? { waitMs } : whenRunning }),
  };
}

const kinds: Readonly<Record<string, AnswerKind>> = {
  'key-reused': 'mismatch',
  'in-progress': 'in-progress',
  'outcome-unknown': 'outcome-unknown',
  'store-unavailable': 'unavailable',
  'shutting-down': 'unavailable',
  'response-not-kept': 'tombstone',
};

function readAnswer({ headers }: Response, body: string, recorded: string | undefined): FrontAnswer {
  const word = parseStatus(headers.get(STATUS_HEADER))?.word ?? 'none';
  if (word === OWN_ANSWER.replayed) return { kind: 'replay', body: unpadded(body) };
  if (word !== OWN_ANSWER.executed && word !== 'nothing-happened') return { kind: kinds[word] ?? 'threw' };
  return { kind: 'executed', body: unpadded(body), ...(recorded !== undefined && { recorded }) };
}
