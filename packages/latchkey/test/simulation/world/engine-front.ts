/** Requests directly to the engine. */

import { completer } from '../../../src/completer/completer.ts';
import type { Completable } from '../../../src/core/completable.ts';
import { type Answering, type Context, type FinalWrite, plainAnswering } from '../../../src/core/context.ts';
import { Engine } from '../../../src/core/engine/engine.ts';
import type { LapsedOperation, Operation, Outcome, Recovery } from '../../../src/core/operation.ts';
import { resolveSettings } from '../../../src/core/settings.ts';
import type { OperatorStore, StoredResult } from '../../../src/core/store.ts';
import { digestParts } from '../../../src/core/support/digest.ts';
import { failure, recovered } from './answer-body.ts';
import type { Front, FrontAnswer, Incoming } from './front.ts';
import { Attempt, type Job, type Made, type Surroundings, unpadded } from './handler.ts';
import type { RoutePlan } from './plan.ts';
import { type AppRules, settingsUnder } from './rules.ts';
import type { Worker } from './worker.ts';
import type { SimKind } from './worker-store.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The answer in a stored result of {@link EngineFront}. */
export function engineBody({ kind, bytes }: StoredResult): string | undefined {
  return kind === 'tombstone' ? undefined : unpadded(decoder.decode(bytes));
}

/** An answer as {@link EngineFront} stores it. */
export function engineResult(body: string): StoredResult {
  return { kind: 'value', bytes: encoder.encode(body) };
}

function finalWrite(body: string) {
  return { result: engineResult(body), tombstone: encoder.encode('gone') };
}

/** One worker's engine. */
export class EngineFront implements Front {
  readonly #engine: Engine<SimKind>;
  readonly #worker: Worker;
  readonly #world: Surroundings;
  readonly #rules: AppRules;
  readonly #store: OperatorStore<SimKind>;
  #savesRequests = false;

  constructor(worker: Worker, store: OperatorStore<SimKind>, world: Surroundings, rules: AppRules) {
    this.#worker = worker;
    this.#world = world;
    this.#rules = rules;
    this.#store = store;
    this.#engine = new Engine({ store, runtime: worker.runtime, log: false });
  }

  async handle(incoming: Incoming): Promise<FrontAnswer> {
    let made: Made | undefined;
    const outcome = await this.#engine.run(this.#operation(incoming), async (context) => {
      made = await this.#attempt(incoming, context);
      return { outcome: made.outcome, ...finalWrite(made.body) };
    });
    return answerOf(outcome, made && unpadded(made.body));
  }

  complete(routes: readonly RoutePlan[]): () => void {
    const again = routes.filter(({ settings }) => settings.afterFailure === 'rerun');
    const leaseMs = again[0]?.settings.leaseMs;
    if (leaseMs === undefined) return () => {};
    this.#savesRequests = true;
    const running = completer<SimKind>({
      log: false,
      store: this.#store,
      runtime: this.#worker.runtime,
      operations: again.map((route) => this.#completable(route)),
      ...{ intervalMs: leaseMs, baseDelayMs: leaseMs / 4, maxDelayMs: 4 * leaseMs },
    });
    return () => void running.close();
  }

  #completable(route: RoutePlan): Completable {
    return {
      settings: resolveSettings(route.name, settingsUnder(this.#rules, route)),
      savesRequests: true,
      matches: (operation) => operation === route.name,
      begin: (_, saved) => ({
        answering: plainAnswering as Answering<unknown, unknown>,
        handler: async (context) => {
          const job: Job = { ...JSON.parse(decoder.decode(saved)), route, byCompleter: true };
          // The completer passes the context without its types, which are those of the simulation.
          const made = await this.#attempt(job, context as Context<SimKind, FinalWrite, void>);
          return { outcome: made.outcome, ...finalWrite(made.body) };
        },
      }),
    };
  }

  #attempt(job: Job, context: Context<SimKind, FinalWrite, void>): Promise<Made> {
    const attempt = new Attempt(job, this.#worker, this.#world, context, (made) => finalWrite(made.body));
    return attempt.run().catch((): Made => ({ outcome: 'failed', body: failure(job, context.operationId) }));
  }

  shutdown(timeoutMs: number): Promise<void> {
    return this.#engine.shutdown(timeoutMs);
  }

  #operation({ principal, key, payload, route, request, scope }: Incoming): Operation {
    const { recover, name } = route;
    const saved = encoder.encode(JSON.stringify({ request, scope, payload }));
    return {
      id: digestParts('record', this.#rules.scopesByPrincipal ? principal : 'all', name, key),
      principal: digestParts('principal', principal),
      name,
      fingerprint: payload,
      settings: resolveSettings(name, settingsUnder(this.#rules, route)),
      ...(this.#savesRequests && route.settings.afterFailure === 'rerun' && { request: saved }),
      ...(recover && { recover: (lapsed) => this.#recover(lapsed, recover, { request, scope, payload }) }),
    };
  }

  #recover(
    { operationId, attempt }: LapsedOperation,
    decision: 'respond' | 'rerun' | 'leave',
    { scope, payload }: Pick<Incoming, 'request' | 'scope' | 'payload'>,
  ): Recovery {
    this.#world.history.add({ type: 'recovered', worker: this.#worker.name, operationId, attempt, decision });
    if (decision !== 'respond') return { decision };
    const body = recovered({ scope, payload }, operationId, `${this.#worker.name} at ${attempt}`);
    return { decision, result: engineResult(body) };
  }
}

function answerOf(outcome: Outcome, body: string | undefined): FrontAnswer {
  switch (outcome.kind) {
    case 'executed':
      return { kind: 'executed', recorded: outcome.recorded, ...(body !== undefined && { body }) };
    case 'replay': {
      const replayed = engineBody(outcome.result);
      return replayed === undefined ? { kind: 'tombstone' } : { kind: 'replay', body: replayed };
    }
    default:
      return { kind: outcome.kind };
  }
}
