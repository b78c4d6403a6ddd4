/**
 * Calls the observer without letting it break a request.
 *
 * @module
 */

import type { EventListener, LatchkeyEvent } from './events.ts';

/** Hands events on; undefined if nobody listens, so that no event object is made for nothing. */
export type Emit = ((event: LatchkeyEvent) => void) | undefined;

/** Wraps a listener so that what it throws is ignored. */
export function createEmit(listener: EventListener | undefined): Emit {
  if (listener === undefined) return undefined;
  return (event) => {
    try {
      listener(event);
    } catch {
      // An observer's fault is the observer's: the request goes on.
    }
  };
}
