/**
 * Hears of changes that other processes made, on a connection that is open while somebody waits.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Runtime, TimerHandle } from '../../core/runtime.ts';
import type { Watchers } from '../shared/watchers.ts';
import type { PostgresBridge } from './bridges/bridge.ts';
import { unpack } from './row.ts';

/** The way to hear notices. */
export type Listen = NonNullable<PostgresBridge<never>['listen']>;

/** A connection on its way, and how to end it; undefined if it could not be opened. */
type Opened = Promise<(() => Promise<void>) | undefined>;

/** How long a failed attempt is not repeated, in milliseconds: waiting polls meanwhile. */
const restMs = 5_000;

/** How long the connection stays open when nobody waits any more, in milliseconds. */
const lingerMs = 10_000;

/** What a listener is made of. */
export interface ChangeFeedParts {
  readonly listen: Listen | undefined;
  readonly channel: string;
  readonly watchers: Watchers;
  readonly runtime: Runtime;
}

/** The listening connection of a store. */
export class ChangeFeed {
  readonly #parts: ChangeFeedParts;
  #stop: Opened | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #idleTimer: TimerHandle | undefined;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
  }

  /** Opens the connection unless it is open. */
  start(): void {
    const { listen, channel, watchers, runtime } = this.#parts;
    const { clock, timers } = runtime;
    if (this.#idleTimer !== undefined) timers.clear(this.#idleTimer);
    this.#idleTimer = undefined;
    if (listen === undefined || this.#closed || this.#stop !== undefined || clock.monotonic() < this.#restUntilMs)
      return;
    const heard = (payload: string) => watchers.notify(idOf(payload));
    const opened: Opened = listen(channel, heard, () => this.#lost(opened)).catch(() => this.#lost(opened));
    this.#stop = opened;
  }

  /** Ends the connection in a while, unless somebody waits again. */
  idle(): void {
    if (this.#stop === undefined || this.#idleTimer !== undefined) return;
    this.#idleTimer = this.#parts.runtime.timers.set(() => void this.#end(), lingerMs);
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    if (this.#idleTimer !== undefined) this.#parts.runtime.timers.clear(this.#idleTimer);
    this.#idleTimer = undefined;
    const ending = this.#stop;
    this.#stop = undefined;
    const stop = await ending;
    await stop?.().catch(() => {});
  }

  /** A connection that was ended on purpose, or has a successor, is no loss. */
  #lost(opened: Opened): undefined {
    if (this.#stop !== opened) return;
    this.#stop = undefined;
    this.#restUntilMs = this.#parts.runtime.clock.monotonic() + restMs;
  }
}

/** A notice that none of us sent names no record; nobody watches that. */
function idOf(payload: string): string {
  try {
    return unpack(Buffer.from(payload, 'hex'));
  } catch {
    return '';
  }
}
