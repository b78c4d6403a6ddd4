/** The application: work, steps, transactions, and an answer that names its execution. */

import type { StepTools } from '../../../src/core/context.ts';
import { sleep } from '../../../src/core/runtime.ts';
import type { Chance } from './chance.ts';
import type { Rows } from './database.ts';
import type { Asked, History } from './history.ts';
import type { Action, RoutePlan } from './plan.ts';
import type { Provider } from './provider.ts';
import type { Worker } from './worker.ts';

/** The part of the engine's context that a handler uses. */
export interface Tools<Answer> {
  readonly operationId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  step<T>(name: string, fn: (tools: StepTools) => Promise<T>): Promise<unknown>;
  transaction<T>(name: string, fn: (rows: Rows) => Promise<T>): Promise<unknown>;
  enqueue(rows: Rows, name: string, payload: unknown): void | Promise<void>;
  finish(fn: (rows: Rows) => Promise<Answer>): Promise<unknown>;
}

/** A handler's job. */
export interface Job extends Asked {
  readonly request: number;
  readonly route: RoutePlan;
  readonly byCompleter?: boolean;
}

/** The end of an attempt. */
export interface Made {
  readonly outcome: 'done' | 'failed' | 'nothing-happened';
  readonly body: string;
}

/** The dependencies of handlers. */
export interface Surroundings {
  readonly history: History;
  readonly provider: Provider;
  readonly chance: Chance;
  /** Each transaction puts a message into the outbox. */
  readonly sendsMail: boolean;
  nextExecution(): number;
}

/** Padding that makes an answer too large for the store. */
const padding = 'x'.repeat(3_000);

/** The same answer, short enough to print. */
export function unpadded(body: string): string {
  return body.replace(/x{9,}/, ({ length }) => `${length} bytes`);
}

/** One attempt at one job on one worker. */
export class Attempt<Answer> {
  readonly execution: number;
  readonly #job: Job;
  readonly #worker: Worker;
  readonly #world: Surroundings;
  readonly #tools: Tools<Answer>;
  readonly #encode: (made: Made) => Answer;
  readonly #values: string[] = [];

  constructor(job: Job, worker: Worker, world: Surroundings, tools: Tools<Answer>, encode: (made: Made) => Answer) {
    this.execution = world.nextExecution();
    this.#job = job;
    this.#worker = worker;
    this.#world = world;
    this.#tools = tools;
    this.#encode = encode;
  }

  /** A framework would turn its errors into a 500. */
  async run(): Promise<Made> {
    this.#begin();
    try {
      const made = await this.#act();
      this.#end(made.outcome);
      return made;
    } catch (error) {
      this.#end('threw');
      throw error;
    }
  }

  #begin(): void {
    const { history } = this.#world;
    const { execution } = this;
    const { operationId, attempt, signal } = this.#tools;
    const { request, scope, payload, byCompleter } = this.#job;
    const token = this.#worker.tokens.get(`${operationId} ${attempt}`)?.token;
    const worker = this.#worker.name;
    const asked = { request, scope, payload, ...(byCompleter && { byCompleter }) };
    history.add({ type: 'began', ...asked, execution, worker, token, operationId, attempt });
    signal.addEventListener('abort', () =>
      history.add({ type: 'aborted', execution, how: String(signal.reason?.name) }),
    );
  }

  #end(how: string): void {
    this.#world.history.add({ type: 'ended', execution: this.execution, how });
  }

  async #act(): Promise<Made> {
    const { chance } = this.#world;
    const { failure, nothing, actions } = this.#job.route;
    const luck = chance.fraction();
    if (luck < nothing) return this.#made('nothing-happened');
    const failsAt = chance.happens(failure) ? chance.count(1, actions.length) : Number.POSITIVE_INFINITY;
    for (const [index, action] of actions.entries()) {
      if (index === failsAt) return this.#made('failed');
      if (this.#tools.signal.aborted) throw this.#tools.signal.reason;
      await this.#do(action);
      if (action.kind === 'finish') return this.#made('done');
    }
    return this.#made(failsAt === actions.length ? 'failed' : 'done');
  }

  #made(outcome: Made['outcome']): Made {
    const { scope, payload, route } = this.#job;
    const { operationId } = this.#tools;
    const isLarge = route.isLarge && outcome === 'done';
    const body = JSON.stringify({
      ...(isLarge && { padding }),
      scope,
      payload,
      operationId,
      execution: this.execution,
      outcome,
      values: this.#values,
    });
    return { outcome, body };
  }

  async #do(action: Action): Promise<void> {
    switch (action.kind) {
      case 'work':
        return this.#work(2);
      case 'step':
        return this.#step(action.name);
      case 'steps':
        await Promise.all(action.names.map((name) => this.#step(name)));
        return;
      case 'beside':
        await Promise.all([this.#step(action.step), this.#transaction(action.transaction)]);
        return;
      case 'transaction':
        return this.#transaction(action.name);
      case 'finish':
        return this.#finish();
    }
  }

  /** Usually short, sometimes longer than a lease. */
  #work(longest: number): Promise<void> {
    const { chance } = this.#world;
    const leaseMs = this.#job.route.settings.leaseMs ?? 0;
    const ms = chance.happens(0.25) ? chance.fraction() * longest * leaseMs : chance.fraction() * 20;
    return sleep(this.#worker.runtime.timers, ms);
  }

  async #step(name: string): Promise<void> {
    const { operationId } = this.#tools;
    const { scope } = this.#job;
    const value = await this.#tools.step(name, ({ idempotencyKey }) => {
      this.#note('ran', name);
      return this.#world.provider.charge(this.#worker, { idempotencyKey, operationId, scope, name });
    });
    this.#returned(name, value);
  }

  async #transaction(name: string): Promise<void> {
    const value = await this.#handedOver(() => this.#tools.transaction(name, (rows) => this.#write(rows, name)));
    this.#returned(name, value);
  }

  async #finish(): Promise<void> {
    await this.#handedOver(() =>
      this.#tools.finish(async (rows) => {
        await this.#write(rows, 'finish');
        return this.#encode(this.#made('done'));
      }),
    );
  }

  async #write(rows: Rows, name: string): Promise<string> {
    const { operationId } = this.#tools;
    this.#note('ran', name);
    rows.insert({ type: 'row', operationId, name, execution: this.execution });
    if (this.#world.sendsMail) await this.#tools.enqueue(rows, name, this.#job.scope);
    await this.#work(1);
    return `x${this.execution}`;
  }

  /** Until the transaction ends, the database fences this execution. */
  async #handedOver<T>(run: () => Promise<T>): Promise<T> {
    const { history } = this.#world;
    const { execution } = this;
    history.add({ type: 'entered', execution });
    try {
      return await run();
    } finally {
      history.add({ type: 'left', execution });
    }
  }

  #returned(name: string, value: unknown): void {
    this.#values.push(String(value));
    this.#note('returned', name, String(value));
  }

  #note(type: 'ran' | 'returned', name: string, value?: string): void {
    const { operationId } = this.#tools;
    const { execution } = this;
    this.#world.history.add({ type, execution, operationId, name, ...(value !== undefined && { value }) });
  }
}
