/**
 * How long an answer is waited for that nobody waits for any more.
 *
 * @module
 */

import type { OutgoingHttpHeaders } from 'node:http';
import type { TimerHandle, Timers } from '../../core/runtime.ts';

/** What the capture of a response needs of its request. */
export interface CaptureParts {
  /** Where the handler's signal is; asked for only when it is needed, since it is made on demand. */
  readonly context: { readonly signal: AbortSignal };
  /** What the handler runs inside of; see `runInside`. */
  readonly inside: object;
  readonly timers: Timers;
  /** How long nothing may be written, in milliseconds. */
  readonly silenceMs: number;
  readonly maxResponseBytes: number;
  /** The properties of a response by which libraries find out that the client has gone. */
  readonly signs: readonly string[];
  /** The headers that were set before the layer was entered. */
  readonly before: OutgoingHttpHeaders;
}

type PatienceParts = Pick<CaptureParts, 'context' | 'timers' | 'silenceMs'>;

/** Calls back when the handler's signal aborts, or when nothing was written for a time. */
export class Patience {
  readonly #parts: PatienceParts;
  readonly #giveUp: () => void;
  #timer: TimerHandle;

  constructor(parts: PatienceParts, giveUp: () => void) {
    this.#parts = parts;
    this.#giveUp = giveUp;
    const { signal } = parts.context;
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp);
  }

  /** Counts the time from now. */
  restart(): void {
    this.stop();
    const { timers, silenceMs } = this.#parts;
    this.#timer = timers.set(this.#giveUp, silenceMs);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.timers.clear(this.#timer);
  }
}
