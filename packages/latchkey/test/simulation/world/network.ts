/** Messages between workers and the store: delayed, lost, duplicated, reordered, or answered by an error. */

import { StoreUnavailableError } from '../../../src/core/errors.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { Weather } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** The sender of a call: replies are held while it is frozen, and lost when it is dead. */
export interface Party {
  readonly name: string;
  deliver(happen: () => void): void;
}

type Fate = 'passes' | 'dropped' | 'refused' | 'reply-lost' | 'failed-after';

/** The parameters of a network. */
export interface NetworkParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly history: History;
}

/** The network of all workers. */
export class Network {
  /** True while the store is unavailable: every call fails, half of them after they were applied. */
  isStoreAway = false;
  /** Workers that are disconnected from the store. */
  readonly cutOff = new Set<string>();
  /** True when the faults have ended. */
  isHealed = false;
  readonly #parts: NetworkParts;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  /** The delay of a message. */
  delayMs(): number {
    const { chance, weather } = this.#parts;
    const usual = 0.2 + 4 * chance.fraction() ** 3;
    return !this.isHealed && chance.happens(weather.late) ? usual + chance.fraction() * weather.latestMs : usual;
  }

  /** A message without an answer, to a recipient that is always available. */
  tell(happen: () => void): void {
    if (!this.#isLost()) this.#parts.scheduler.after(this.delayMs(), happen);
  }

  /** A call of the store: runs `apply` there, and returns its result unless the reply is lost. */
  call<T>(party: Party, method: string, apply: () => Promise<T>): Promise<T> {
    const fate = this.#fate(party);
    if (fate !== 'passes') this.#note(party, `${method} ${fate}`);
    return new Promise((resolve, reject) => {
      const fail = (words: string) => this.#reply(party, () => reject(new StoreUnavailableError(words)));
      if (fate === 'dropped') return;
      if (fate === 'refused') return fail('The store refused the call.');
      const arrive = async () => {
        const [settled] = await Promise.allSettled([apply()]);
        if (settled.status === 'rejected') this.#reply(party, () => reject(settled.reason));
        else if (fate === 'failed-after') fail('The connection broke.');
        else if (fate === 'passes') this.#reply(party, () => resolve(settled.value));
      };
      this.#parts.scheduler.after(this.delayMs(), () => void arrive());
      this.#maybeAgain(party, method, apply);
    });
  }

  /** The same message arrives once more; its answer is dropped. */
  #maybeAgain(party: Party, method: string, apply: () => Promise<unknown>): void {
    const { chance, weather, scheduler } = this.#parts;
    if (this.isHealed || !chance.happens(weather.doubled)) return;
    this.#note(party, `${method} doubled`);
    scheduler.after(this.delayMs() + this.delayMs(), () => void apply().catch(() => undefined));
  }

  #reply(party: Party, happen: () => void): void {
    this.#parts.scheduler.after(this.delayMs(), () => party.deliver(happen));
  }

  #isLost(): boolean {
    return !this.isHealed && this.#parts.chance.happens(this.#parts.weather.dropped);
  }

  #fate(party: Party): Fate {
    const { chance, weather } = this.#parts;
    if (this.isHealed) return 'passes';
    if (this.isStoreAway || this.cutOff.has(party.name))
      return chance.pick(['refused', 'dropped', 'reply-lost', 'failed-after']);
    const drawn = chance.fraction();
    const { dropped, refused, replyLost, failedAfter } = weather;
    if (drawn < dropped) return 'dropped';
    if (drawn < dropped + refused) return 'refused';
    if (drawn < dropped + refused + replyLost) return 'reply-lost';
    return drawn < dropped + refused + replyLost + failedAfter ? 'failed-after' : 'passes';
  }

  #note(party: Party, what: string): void {
    this.#parts.history.add({ type: 'message', who: party.name, what });
  }
}
