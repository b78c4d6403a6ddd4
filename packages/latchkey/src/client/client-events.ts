/**
 * What the client tells an observer. Events never hold keys, bodies or credentials.
 *
 * @module
 */

/** Something that happened to an operation. Times are in milliseconds. */
export type ClientEvent =
  /** A key from before (a reload, a call that gave up) is used again. */
  | { readonly type: 'resumed'; readonly operation: string; readonly ageMs: number }
  /** The same operation was running in this page; the call waits for that one's answer. */
  | { readonly type: 'joined'; readonly operation: string }
  /** Attempt number `attempt` brought no answer, for `status` or `error`; the next one comes after `delayMs`. */
  | {
      readonly type: 'retrying';
      readonly operation: string;
      readonly attempt: number;
      readonly delayMs: number;
      /** True if the browser is offline: the next attempt comes as soon as it is online again. */
      readonly offline?: boolean;
      readonly status?: number;
      readonly error?: unknown;
    }
  /** The storage threw. The operation goes on with its key in memory: a reload would lose it. */
  | {
      readonly type: 'storage-failed';
      readonly operation: string;
      readonly during: 'read' | 'write' | 'remove';
      readonly error: unknown;
    };

/** Receives events. What it throws is ignored: an observer can't break a payment. */
export type ClientEventListener = (event: ClientEvent) => void;

/** Wraps a listener so that what it throws is ignored. */
export function quietly(listener: ClientEventListener | undefined): ClientEventListener {
  return (event) => {
    try {
      listener?.(event);
    } catch {
      // An observer's fault is the observer's: the operation goes on.
    }
  };
}
