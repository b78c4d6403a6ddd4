/**
 * Notifies waiters of changes: at once of those by this store, and through messages of those by others.
 *
 * @module
 */

import { Watchers } from '../shared/watchers.ts';
import type { Subscriber } from './clients/wire.ts';

/** The parts of a {@link ChangeFeed}: opens the connection for messages, and the prefix of the channels. */
export interface ChangeFeedParts {
  readonly open: (onMessage: (channel: string) => void) => Subscriber;
  readonly prefix: string;
}

/** Subscribes to the channel of a record while it is watched; connects at the first subscription. */
export class ChangeFeed {
  readonly #watchers = new Watchers();
  readonly #counts = new Map<string, number>();
  readonly #parts: ChangeFeedParts;
  #subscriber: Subscriber | undefined;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
  }

  /** See `Store.watch`. */
  watch(id: string, onChange: () => void): () => void {
    const unwatch = this.#watchers.watch(id, onChange);
    this.#count(id, 1);
    let stopped = false;
    return () => {
      unwatch();
      if (!stopped) this.#count(id, -1);
      stopped = true;
    };
  }

  /** Notifies the watchers of this process. */
  notify(id: string): void {
    if (this.#counts.has(id)) this.#watchers.notify(id);
  }

  /** Closes the connection. */
  close(): void {
    this.#watchers.clear();
    this.#counts.clear();
    this.#subscriber?.close();
    this.#subscriber = undefined;
  }

  #count(id: string, change: 1 | -1): void {
    const before = this.#counts.get(id) ?? 0;
    const after = Math.max(before + change, 0);
    if (after === 0) this.#counts.delete(id);
    else this.#counts.set(id, after);
    if (before === 0 && after === 1) this.#open().subscribe(this.#parts.prefix + id);
    if (before === 1 && after === 0) this.#subscriber?.unsubscribe(this.#parts.prefix + id);
  }

  #open(): Subscriber {
    const { open, prefix } = this.#parts;
    this.#subscriber ??= open((channel) => this.notify(channel.slice(prefix.length)));
    return this.#subscriber;
  }
}
