/**
 * An AbortSignal that checks the clock whenever it is read.
 *
 * @module
 */

/**
 * Returns the signal of `controller`, whose `aborted` and `throwIfAborted` first call `look`. After a freeze, a
 * handler's timer may fire before the timer that would abort the signal, and the handler may have read the signal long
 * before.
 */
export function clockedSignal({ signal }: AbortController, look: () => void): AbortSignal {
  return Object.defineProperties(signal, {
    aborted: {
      get() {
        look();
        return Reflect.get(AbortSignal.prototype, 'aborted', signal);
      },
    },
    throwIfAborted: {
      value() {
        look();
        AbortSignal.prototype.throwIfAborted.call(signal);
      },
    },
  });
}
