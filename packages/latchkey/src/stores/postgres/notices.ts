/**
 * Hears of changes that other processes made, on a connection that is opened when somebody first waits.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Clock } from '../../core/runtime.ts';
import type { Watchers } from '../watchers.ts';
import type { PostgresBridge } from './bridge.ts';
import { unpack } from './packing.ts';

/** The way to hear notices. */
export type Listen = NonNullable<PostgresBridge<never>['listen']>;

/** How long a failed attempt is not repeated, in milliseconds: waiting polls meanwhile. */
const restMs = 5_000;

/** What a listener is made of. */
export interface NoticesParts {
  readonly listen: Listen | undefined;
  readonly channel: string;
  readonly watchers: Watchers;
  readonly clock: Clock;
}

/** The listening connection of a store. */
export class Notices {
  readonly #parts: NoticesParts;
  #stop: Promise<(() => Promise<void>) | undefined> | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(parts: NoticesParts) {
    this.#parts = parts;
  }

  /** Opens the connection unless it is open. */
  start(): void {
    const { listen, channel, watchers, clock } = this.#parts;
    if (listen === undefined || this.#closed || this.#stop !== undefined || clock.monotonic() < this.#restUntilMs)
      return;
    const heard = (payload: string) => watchers.notify(idOf(payload));
    this.#stop = listen(channel, heard, () => this.#lost()).catch(() => this.#lost());
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    const stop = await this.#stop;
    await stop?.().catch(() => {});
  }

  #lost(): undefined {
    this.#stop = undefined;
    this.#restUntilMs = this.#parts.clock.monotonic() + restMs;
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
