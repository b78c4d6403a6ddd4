/** Requests straight to the engine. */

import { digestParts } from '../../../src/core/digest.ts';
import { Engine } from '../../../src/core/engine.ts';
import type { LapsedOperation, Operation, Outcome, Recovery, Verdict } from '../../../src/core/operation.ts';
import { completeSettings } from '../../../src/core/options-check.ts';
import type { Store, StoredResult } from '../../../src/core/store.ts';
import { failure, recovered } from './answer-body.ts';
import type { Front, FrontAnswer, Incoming } from './front.ts';
import { Attempt, type Made, type Surroundings, unpadded } from './handler.ts';
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

  constructor(worker: Worker, store: Store<SimKind>, world: Surroundings, rules: AppRules) {
    this.#worker = worker;
    this.#world = world;
    this.#rules = rules;
    this.#engine = new Engine({ store, runtime: worker.runtime });
  }

  async handle(incoming: Incoming): Promise<FrontAnswer> {
    let body: string | undefined;
    const outcome = await this.#engine.run(this.#operation(incoming), async (context): Promise<Verdict> => {
      const attempt = new Attempt(incoming, this.#worker, this.#world, context, (made) => finalWrite(made.body));
      const made = await attempt
        .run()
        .catch((): Made => ({ outcome: 'failed', body: failure(incoming, context.operationId) }));
      body = unpadded(made.body);
      return { outcome: made.outcome, ...finalWrite(made.body) };
    });
    return answerOf(outcome, body);
  }

  shutdown(timeoutMs: number): Promise<void> {
    return this.#engine.shutdown(timeoutMs);
  }

  #operation({ principal, key, payload, route, request, scope }: Incoming): Operation {
    const { recover, name } = route;
    return {
      id: digestParts('record', this.#rules.scopesByPrincipal ? principal : 'all', name, key),
      principal: digestParts('principal', principal),
      name,
      fingerprint: payload,
      settings: completeSettings(name, settingsUnder(this.#rules, route)),
      ...(recover && { recover: (lapsed) => this.#recover(lapsed, recover, { request, scope, payload }) }),
    };
  }

  #recover(
    { operationId, attempt }: LapsedOperation,
    verdict: 'respond' | 'rerun' | 'leave',
    { scope, payload }: Pick<Incoming, 'request' | 'scope' | 'payload'>,
  ): Recovery {
    this.#world.history.add({ type: 'recovered', worker: this.#worker.name, operationId, attempt, verdict });
    if (verdict !== 'respond') return { verdict };
    const body = recovered({ scope, payload }, operationId, `${this.#worker.name} at ${attempt}`);
    return { verdict, result: engineResult(body) };
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
