/** A process that runs the engine: with slightly wrong clocks, and possible freezes and death. */

import type { Runtime } from '../../../src/core/runtime.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { Party } from './network.ts';
import type { Planned, Scheduler } from './scheduler.ts';

/** The maximum error of a worker's monotonic clock. */
const worstRate = 0.01;
/** Time for the event loop to process pending callbacks after a freeze. */
const backlogMs = 1;

const epochMs = Date.UTC(2026, 0, 1);

/** One process. */
export class Worker implements Party {
  readonly name: string;
  readonly runtime: Runtime;
  isFrozen = false;
  isDead = false;
  /** Number of answered claims of this worker. */
  claims = 0;
  /** The token of each operation id and attempt, and where its claim stands in the order of the store's answers. */
  readonly tokens = new Map<string, { readonly token: string; readonly order: number }>();
  readonly #scheduler: Scheduler;
  readonly #history: History;
  readonly #rate: number;
  readonly #waiting: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];
  #wallOffsetMs: number;
  #names = 0;

  constructor(name: string, scheduler: Scheduler, history: History, chance: Chance) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#history = history;
    this.#rate = 1 + chance.between(-worstRate, worstRate);
    this.#wallOffsetMs = epochMs + chance.between(-60_000, 60_000);
    this.runtime = {
      clock: { now: () => this.#wallOffsetMs + scheduler.now, monotonic: () => scheduler.now * this.#rate },
      timers: {
        set: (callback, delayMs) => scheduler.after(delayMs / this.#rate, () => this.deliver(callback)),
        clear: (handle) => {
          if (handle !== undefined) scheduler.callOff(handle as Planned);
        },
      },
      random: { fraction: chance.fraction, uuid: () => `${name}-${++this.#names}` },
    };
    history.add({ type: 'started', who: name });
  }

  /** Whether its event loop runs. */
  get isAwake(): boolean {
    return !this.isFrozen && !this.isDead;
  }

  /** Runs an action in this process: now, after a freeze, or never if it is dead. */
  deliver(happen: () => void): void {
    if (this.isDead) return;
    if (this.isFrozen) this.#waiting.push(happen);
    else happen();
  }

  /** Called when the process dies. */
  onDeath(tell: () => void): void {
    this.#onDeath.push(tell);
  }

  crash(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#history.add({ type: 'crashed', who: this.name });
    for (const tell of this.#onDeath) tell();
  }

  freeze(forMs: number): void {
    if (!this.isAwake) return;
    this.isFrozen = true;
    this.#history.add({ type: 'froze', who: this.name });
    this.#scheduler.after(forMs, () => this.thaw());
  }

  /** Runs the actions that became due meanwhile, in order. */
  thaw(): void {
    if (this.isDead || !this.isFrozen) return;
    this.isFrozen = false;
    this.#history.add({ type: 'thawed', who: this.name });
    for (const happen of this.#waiting.splice(0)) this.#scheduler.after(0, () => this.deliver(happen));
    this.#scheduler.after(backlogMs, () => this.deliver(() => this.#history.add({ type: 'awake', who: this.name })));
  }

  /** Corrects the wall clock, as a time server does. */
  correctWallClock(): void {
    this.#wallOffsetMs = epochMs;
  }

  stepWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
    this.#history.add({ type: 'clock', who: this.name, what: byMs.toFixed(0) });
  }
}
