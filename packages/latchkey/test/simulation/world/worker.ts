/** A process that runs the engine: with clocks of its own that are a little wrong, and that may freeze or die. */

import type { Runtime } from '../../../src/core/runtime.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { Party } from './network.ts';
import type { Planned, Scheduler } from './scheduler.ts';

/** How wrong a worker's monotonic clock may run. */
const worstRate = 0.01;
/** The event loop works through what waited before anybody may say that it should have known. */
const backlogMs = 1;

const epochMs = Date.UTC(2026, 0, 1);

/** One process. */
export class Worker implements Party {
  readonly name: string;
  readonly runtime: Runtime;
  isFrozen = false;
  isDead = false;
  /** How many claims of this worker the store has answered. */
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

  /** Whether its event loop turns. */
  get isAwake(): boolean {
    return !this.isFrozen && !this.isDead;
  }

  /** Lets something happen in this process: now, when it thaws, or never. */
  deliver(happen: () => void): void {
    if (this.isDead) return;
    if (this.isFrozen) this.#waiting.push(happen);
    else happen();
  }

  /** Told when the process dies, as whoever is connected to it is. */
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

  /** What came due meanwhile happens now, in its order, each with what follows from it. */
  thaw(): void {
    if (this.isDead || !this.isFrozen) return;
    this.isFrozen = false;
    this.#history.add({ type: 'thawed', who: this.name });
    for (const happen of this.#waiting.splice(0)) this.#scheduler.after(0, () => this.deliver(happen));
    this.#scheduler.after(backlogMs, () => this.deliver(() => this.#history.add({ type: 'awake', who: this.name })));
  }

  /** As a time server does. */
  correctWallClock(): void {
    this.#wallOffsetMs = epochMs;
  }

  stepWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
    this.#history.add({ type: 'clock', who: this.name, what: byMs.toFixed(0) });
  }
}
