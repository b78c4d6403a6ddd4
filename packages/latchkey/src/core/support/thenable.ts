/**
 * Handles values that may be promises (of any library), without waiting if they are not.
 *
 * @module
 */

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Applies `next` to a value now, or to a promise's value later. Synchronous calls stay synchronous. */
export function chain<T, R>(value: T | PromiseLike<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

/** Resolves when the promise has settled, or the signal has aborted. */
export function untilSettled(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
    promise.then(
      () => resolve(),
      () => resolve(),
    );
  });
}
