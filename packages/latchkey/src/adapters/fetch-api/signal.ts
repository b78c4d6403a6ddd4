/**
 * Detects whether a handler may have noticed that its client disconnected.
 *
 * @module
 */

/** Watches a request's signal while its handler runs. */
export class SignalWatch {
  readonly #request: Request;
  #isAsked: boolean;

  constructor(request: Request) {
    this.#request = request;
    const get = (): AbortSignal => {
      this.#isAsked = true;
      Reflect.deleteProperty(request, 'signal');
      return request.signal;
    };
    this.#isAsked = !Reflect.defineProperty(request, 'signal', { get, configurable: true });
  }

  /** True if the client has disconnected and the handler has read the signal, which could show that. */
  get sawClientGo(): boolean {
    return this.#isAsked && this.#request.signal.aborted;
  }
}
