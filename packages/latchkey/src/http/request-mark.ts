/**
 * Remembers something about a request for as long as the request lives.
 *
 * It is a property of the request and not an entry of a WeakMap: collections of V8's young generation count the values
 * of a WeakMap as reachable, so that every request with its response would stay until the next full collection.
 *
 * @module
 */

/** One thing that is remembered about requests. */
export class RequestMark<T> {
  readonly #key = Symbol('latchkey');

  set(request: object, value: T): void {
    (request as Record<symbol, T>)[this.#key] = value;
  }

  get(request: object): T | undefined {
    return (request as Record<symbol, T>)[this.#key];
  }
}
