/**
 * Detects whether a handler may have noticed that its client disconnected.
 *
 * @module
 */

const watching = Symbol('latchkey.signal');

interface Watched extends Request {
  [watching]: SignalWatch;
}

/**
 * Shared by all requests: an accessor of its own would give each request a hidden class of its own, which keeps what it
 * refers to alive until the next full collection.
 */
const signalProperty = {
  get(this: Watched): AbortSignal {
    return this[watching].ask();
  },
  configurable: true,
};

/** Watches a request's signal while its handler runs. */
export class SignalWatch {
  readonly #request: Request;
  #isAsked: boolean;

  constructor(request: Request) {
    this.#request = request;
    this.#isAsked = !(
      Reflect.set(request, watching, this) && Reflect.defineProperty(request, 'signal', signalProperty)
    );
  }

  /** Returns the signal to the handler. */
  ask(): AbortSignal {
    this.#isAsked = true;
    Reflect.deleteProperty(this.#request, 'signal');
    return this.#request.signal;
  }

  /** True if the client has disconnected and the handler has read the signal, which could show that. */
  get sawClientGo(): boolean {
    return this.#isAsked && this.#request.signal.aborted;
  }
}
