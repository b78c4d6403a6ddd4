/**
 * Receives changes by other processes, on a connection that is open while a request waits.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Runtime, TimerHandle } from '../../core/runtime.ts';
import type { Watchers } from '../shared/watchers.ts';
import type { PostgresBridge } from './bridges/bridge.ts';
import { unpack } from './row.ts';

/** Opens a connection that listens for notifications. */
export type Listen = NonNullable<PostgresBridge<never>['listen']>;

/** A connection that is being opened, and how to close it; undefined if it could not be opened. */
type Opened = Promise<(() => Promise<void>) | undefined>;

/** Delay after a failed attempt to connect, in milliseconds; waiting requests poll meanwhile. */
const restMs = 5_000;

/** How long an unused connection stays open, in milliseconds. */
const lingerMs = 10_000;

/** The parts of a {@link ChangeFeed}. */
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

  /** Closes the connection after a delay, unless a request waits again. */
  idle(): void {
    if (this.#stop === undefined || this.#idleTimer !== undefined) return;
    this.#idleTimer = this.#parts.runtime.timers.set(() => void this.#end(), lingerMs);
  }

  /** Closes the connection. */
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

  /** Ignores a connection that was closed on purpose or has a successor. */
  #lost(opened: Opened): undefined {
    if (this.#stop !== opened) return;
    this.#stop = undefined;
    this.#restUntilMs = this.#parts.runtime.clock.monotonic() + restMs;
  }
}

/** A notification that no store sent names no record, so it has no watchers. */
function idOf(payload: string): string {
  try {
    return unpack(Buffer.from(payload, 'hex'));
  } catch {
    return '';
  }
}
