/**
 * Whether a handler may have noticed that its client has gone.
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

  /** True if the client has gone and the handler has asked for the signal, by which it could learn that. */
  get sawClientGo(): boolean {
    return this.#isAsked && this.#request.signal.aborted;
  }
}
