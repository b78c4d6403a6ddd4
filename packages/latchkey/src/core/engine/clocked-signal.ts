/**
 * An AbortSignal that looks at the clock whenever it is read.
 *
 * @module
 */

/**
 * The signal of `controller`, which calls `look` before it tells whether it has aborted. After a freeze a handler's own
 * timer may run before the one that would abort the signal, and the handler may have kept the signal since it began.
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
