/**
 * One running operation and the callers that wait for it.
 *
 * @module
 */

/** The tools for the work of a flight. */
export interface FlightControl {
  /** Aborts when the last caller has aborted. */
  readonly signal: AbortSignal;
  /**
   * Called when the outcome is known and before the key is dropped: later aborts are ignored. A caller that got
   * "aborted" after its key was dropped would start the operation a second time.
   */
  settle(): void;
}

/** Runs `work` once for any number of callers. Ends it when all of them have aborted. */
export class Flight<T> {
  readonly #abort = new AbortController();
  readonly #result: Promise<T>;
  readonly #onDeserted: () => void;
  #callers = 0;
  #settled = false;

  /** @param onDeserted - called when the last caller aborts. */
  constructor(work: (control: FlightControl) => Promise<T>, onDeserted: () => void) {
    this.#onDeserted = onDeserted;
    this.#result = work({ signal: this.#abort.signal, settle: () => this.#settle() });
  }

  /** Settles as the work does; rejects with the reason of the caller's own signal if it aborts. */
  join(signal: AbortSignal | undefined): Promise<T> {
    this.#callers += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (this.#settled) return;
        reject(signal?.reason);
        this.#leave(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave));
    });
  }

  #settle(): void {
    this.#abort.signal.throwIfAborted();
    this.#settled = true;
  }

  #leave(reason: unknown): void {
    this.#callers -= 1;
    if (this.#callers > 0) return;
    this.#onDeserted();
    this.#abort.abort(reason);
  }
}
