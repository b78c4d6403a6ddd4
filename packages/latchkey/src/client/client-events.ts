/**
 * The client's events. They never contain keys, bodies or credentials.
 *
 * @module
 */

/** Something that happened to an operation. Times are in milliseconds. */
export type ClientEvent =
  /** A key from an earlier call (before a reload, or a call that gave up) is used again. */
  | { readonly type: 'resumed'; readonly operation: string; readonly ageMs: number }
  /** The same operation is already running in this page; the call waits for its answer. */
  | { readonly type: 'joined'; readonly operation: string }
  /** Attempt number `attempt` got no answer, because of `status` or `error`; the next one starts after `delayMs`. */
  | {
      readonly type: 'retrying';
      readonly operation: string;
      readonly attempt: number;
      readonly delayMs: number;
      /** True if the browser is offline: the next attempt starts as soon as it is online again. */
      readonly offline?: boolean;
      readonly status?: number;
      readonly error?: unknown;
    }
  /** The storage threw. The operation continues with its key in memory, where a reload would lose it. */
  | {
      readonly type: 'storage-failed';
      readonly operation: string;
      readonly during: 'read' | 'write' | 'remove';
      readonly error: unknown;
    };

/** Receives events. Errors that it throws are ignored. */
export type ClientEventListener = (event: ClientEvent) => void;

/** Wraps a listener so that errors that it throws are ignored. */
export function quietly(listener: ClientEventListener | undefined): ClientEventListener {
  return (event) => {
    try {
      listener?.(event);
    } catch {
      // An error in a listener must not affect the operation.
    }
  };
}
