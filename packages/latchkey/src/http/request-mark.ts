/**
 * Attaches a value to a request for the lifetime of the request.
 *
 * The value is a property of the request, not a WeakMap entry: collections of V8's young generation treat the values of
 * a WeakMap as reachable, so every request with its response would stay in memory until the next full collection.
 *
 * @module
 */

/** One kind of value that is attached to requests. */
export class RequestMark<T> {
  readonly #key = Symbol('latchkey');

  set(request: object, value: T): void {
    (request as Record<symbol, T>)[this.#key] = value;
  }

  get(request: object): T | undefined {
    return (request as Record<symbol, T>)[this.#key];
  }
}
