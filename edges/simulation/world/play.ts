/**
 * Runs one world: the client's actions, and then its retries.
 *
 * @module
 */

import { type Answer, headerOf, noAnswer } from '../client/answer.ts';
import type { Call } from '../client/call.ts';
import { turns, until } from './clock.ts';
import type { GateName } from './gates.ts';
import type { Plan, Story, Wire } from './plan.ts';
import type { RunLog } from './run-log.ts';
import { leaseMs, maxRunMs, type Surroundings, World } from './world.ts';

/** The result of a world. */
export interface Played {
  /** The first client's answer; none if it disconnected. */
  readonly first: Answer;
  /** The answer to the second of two concurrent requests. */
  readonly twin: Answer | undefined;
  /** The answers to its retries; empty without a guard. */
  readonly retries: readonly Answer[];
  readonly runs: readonly RunLog[];
  /** Number of them that began before the first retry. */
  readonly runsBeforeRetry: number;
  readonly effects: number;
  /** The answer to another payload with the same key; undefined without a guard. */
  readonly other: Answer | undefined;
  /** True if the first client had its complete answer before it was stored. */
  readonly sentEarly: boolean;
  /** How long the key gave "in progress" after everything had ended, in milliseconds. */
  readonly heldMs: number;
  /** Unhandled rejections and uncaught errors. */
  readonly stray: readonly string[];
  /** Number of store calls. */
  readonly storeCalls: number;
}

const stray: string[] = [];
const noteStray = (error: unknown) => void stray.push(error instanceof Error ? error.message : String(error));

/** Records errors that would end the process. */
export function catchStrays(): void {
  process.on('uncaughtException', noteStray);
  process.on('unhandledRejection', noteStray);
}

/** Real time without data after which an answer is given up. */
const mostAnswerMs = 5_000;

/** Handlers of these kinds may not answer, with or without a guard. */
function mayStaySilent({ handler, framework }: Plan): boolean {
  if (handler === 'never ends') return true;
  return /throw|reject/.test(handler) && (framework === 'express 4' || framework === 'node:http');
}

/** Real time after which an answer counts as waiting for the world's clock. */
function threadMs(plan: Plan): number {
  const { handler, before, behind, gzippedBody } = plan;
  const usesThreads = gzippedBody || /file|download/i.test(handler);
  if (!usesThreads && ![...before, ...behind].some((name) => name.includes('compress'))) return 0;
  return mayStaySilent(plan) ? 200 : 1_000;
}

/** Runs a plan with its own actions or others. */
export async function play(plan: Plan, story: Story, guarded: boolean, around: Surroundings): Promise<Played> {
  stray.length = 0;
  const world = await World.start(plan, guarded, around);
  try {
    const { first, twin, sentEarly = false } = await new Scene(world).act(story);
    await world.quiet(threadMs(plan));
    const runsBeforeRetry = world.tools.runs.length;
    const retries: Answer[] = [];
    let heldMs = 0;
    if (guarded) {
      const retry = await retryUntilDecided(world, plan.retry);
      heldMs = retry.heldMs;
      retries.push(retry.answer, (await retryUntilDecided(world, plan.first)).answer);
    }
    await turns(3);
    const runs = [...world.tools.runs];
    const { effects } = world.tools;
    const storeCalls = world.watch?.calls ?? 0;
    const other = guarded ? await sendOther(world) : undefined;
    return {
      ...{ first, twin, sentEarly, retries, other, heldMs },
      ...{ runs, runsBeforeRetry, effects, storeCalls, stray: [...stray] },
    };
  } finally {
    await world.stop();
  }
}

/** Waits for an answer, and advances the world's clock if none arrives. */
async function answerOf(world: World, call: Call): Promise<Answer> {
  const silent = mayStaySilent(world.plan);
  const mostMs = maxRunMs + 2 * leaseMs;
  await until(() => call.isAnswered, 80, threadMs(world.plan));
  // A handler that does not answer must at least have begun.
  await until(() => call.isAnswered || world.tools.runs.length > 0, 1, 1_000);
  for (let passedMs = 0; !call.isAnswered && passedMs < mostMs && world.guarded; passedMs += leaseMs / 4) {
    await world.clock.advance(leaseMs / 4);
    await until(() => call.isAnswered, 20);
  }
  await until(() => call.isAnswered, 20, silent ? 0 : mostAnswerMs);
  return call.isAnswered ? call.answered : noAnswer;
}

const isInProgress = (answer: Answer) => headerOf(answer, 'idempotency-status')?.startsWith('in-progress') === true;

/** Sends the request again until the answer is not "in progress". */
async function retryUntilDecided(world: World, wire: Wire): Promise<{ answer: Answer; heldMs: number }> {
  const start = world.clock.clock.monotonic();
  for (let heldMs = 0; ; ) {
    const connection = await world.connect(wire);
    const call = connection.call(world.message(wire));
    call.send(0, Number.MAX_SAFE_INTEGER);
    const answer = await answerOf(world, call);
    if (!isInProgress(answer)) return { answer, heldMs };
    heldMs = world.clock.clock.monotonic() - start;
    if (heldMs > 3 * maxRunMs) return { answer, heldMs };
    await world.clock.advance(leaseMs / 4);
  }
}

async function sendOther(world: World): Promise<Answer> {
  const { retry } = world.plan;
  const connection = await world.connect(retry);
  const call = connection.call(world.message(retry, 'other'));
  call.send(0, Number.MAX_SAFE_INTEGER);
  return answerOf(world, call);
}

interface Acted {
  readonly first: Answer;
  readonly sentEarly?: boolean;
  readonly twin?: Answer | undefined;
}

/** The first client's actions, step by step. */
class Scene {
  readonly #world: World;
  readonly #plan: Plan;

  constructor(world: World) {
    this.#world = world;
    this.#plan = world.plan;
  }

  act(story: Story): Promise<Acted> {
    switch (story) {
      case 'waits for the answer':
      case 'leaves after the answer':
        return this.#whole();
      case 'sends its body in small pieces':
        return this.#inPieces();
      case 'leaves in the middle of its body':
        return this.#cutBody((call) => call.leave(this.#plan.leaves));
      case 'ends its side in the middle of its body':
        return this.#cutBody((call) => call.endSide());
      case 'leaves during the claim':
        return this.#leaveAt('claim');
      case 'leaves while the handler works':
        return this.#leaveAt('handler');
      case 'leaves while the answer is stored':
        return this.#leaveAt('complete');
      case 'leaves while it waits':
        return this.#leaveWaiting();
      case 'ends its side while the handler works':
        return this.#endSideAt('handler');
      case 'leaves after the head of the answer':
        return this.#leaveAfterHead();
      case 'sends twice on one connection':
        return this.#twice(true);
      case 'sends twice at once':
        return this.#twice(false);
    }
  }

  async #begin(): Promise<Call> {
    const connection = await this.#world.connect(this.#plan.first);
    return connection.call(this.#world.message(this.#plan.first));
  }

  async #sent(): Promise<Call> {
    const call = await this.#begin();
    call.send(0, Number.MAX_SAFE_INTEGER);
    return call;
  }

  async #whole(): Promise<Acted> {
    return { first: await answerOf(this.#world, await this.#sent()) };
  }

  async #inPieces(): Promise<Acted> {
    const call = await this.#begin();
    const { length } = this.#world.message(this.#plan.first).body;
    const size = this.#plan.firstPiece + 1;
    for (let from = 0; from < length; from += size) {
      call.send(from, from + size);
      await turns(1);
    }
    return { first: await answerOf(this.#world, call) };
  }

  async #cutBody(leave: (call: Call) => void): Promise<Acted> {
    const call = await this.#begin();
    call.send(0, this.#plan.firstPiece);
    await turns(4);
    leave(call);
    await this.#world.clientGone();
    await this.#world.quiet(threadMs(this.#plan));
    return { first: call.isAnswered ? await call.answered : noAnswer };
  }

  /** Stops the world at the gate, unless the request is answered without reaching it. */
  async #stop(gate: GateName, send: () => Promise<Call>): Promise<{ call: Call; stopped: boolean }> {
    let stopped = false;
    void this.#world.gates.close(gate).then(() => {
      stopped = true;
    });
    const call = await send();
    await until(() => stopped || call.isAnswered, 80, threadMs(this.#plan));
    return { call, stopped };
  }

  async #leaveAt(gate: GateName): Promise<Acted> {
    const { call, stopped } = await this.#stop(gate, () => this.#sent());
    await turns(2);
    const sentEarly = stopped && gate === 'complete' && call.isAnswered && (await call.answered).complete;
    call.leave(this.#plan.leaves);
    await this.#world.clientGone();
    this.#world.gates.open(gate);
    return { first: noAnswer, sentEarly };
  }

  async #endSideAt(gate: GateName): Promise<Acted> {
    const { call } = await this.#stop(gate, () => this.#sent());
    call.endSide();
    await turns(6);
    this.#world.gates.open(gate);
    return { first: await answerOf(this.#world, call) };
  }

  async #leaveWaiting(): Promise<Acted> {
    const { call: first } = await this.#stop('handler', () => this.#sent());
    const second = await this.#sent();
    await turns(10);
    second.leave(this.#plan.leaves);
    await turns(10);
    this.#world.gates.open('handler');
    return { first: await answerOf(this.#world, first) };
  }

  async #leaveAfterHead(): Promise<Acted> {
    const call = await this.#sent();
    await until(() => call.hasHead || call.isAnswered, 80, threadMs(this.#plan));
    call.leave(this.#plan.leaves);
    await this.#world.clientGone();
    return { first: noAnswer };
  }

  async #twice(onOneConnection: boolean): Promise<Acted> {
    const world = this.#world;
    const connection = await world.connect(this.#plan.first);
    const other = onOneConnection ? connection : await world.connect(this.#plan.first);
    const message = world.message(this.#plan.first);
    const { call: first } = await this.#stop('handler', async () => {
      const call = connection.call(message);
      call.send(0, Number.MAX_SAFE_INTEGER);
      return call;
    });
    const second = other.call(message);
    second.send(0, Number.MAX_SAFE_INTEGER);
    await turns(10);
    world.gates.open('handler');
    return { first: await answerOf(world, first), twin: await answerOf(world, second) };
  }
}
