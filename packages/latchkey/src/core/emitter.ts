/**
 * Calls the observer and the log without letting them break a request.
 *
 * @module
 */

import { recordReference } from './digest.ts';
import type { EventListener, LatchkeyEvent } from './events.ts';
import { consoleLog, type Log, logging } from './log.ts';
import { type Runtime, systemRuntime } from './runtime.ts';

/** Hands events on; undefined if nobody listens, so that no event object is made for nothing. */
export type Emit = ((event: LatchkeyEvent) => void) | undefined;

/** Who is notified of what happens. */
export interface Observers {
  /** Receives every event; see {@link LatchkeyEvent}. */
  readonly onEvent?: EventListener | undefined;
  /**
   * Receives warnings and errors: each code once per operation and minute, with one sentence and a link, and never a key,
   * a body, a credential or another library's error message. Default: the console. `false` switches it off.
   */
  readonly log?: Log | false | undefined;
  readonly runtime?: Runtime | undefined;
}

/** Joins the observers; what they throw is ignored. */
export function createEmit({ onEvent, log = consoleLog, runtime = systemRuntime }: Observers): Emit {
  const toLog = log === false ? undefined : logging(log, runtime.clock);
  if (onEvent === undefined) return toLog && ((event) => quietly(toLog, event));
  return (event) => {
    quietly(onEvent, referenced(event));
    quietly(toLog, event);
  };
}

/** The id of a message is not that of a record. */
function referenced(event: LatchkeyEvent): LatchkeyEvent {
  if (!('id' in event) || 'attempts' in event || event.reference !== undefined) return event;
  return { ...event, reference: recordReference(event.id) };
}

/** An observer's fault is the observer's: the request goes on. */
function quietly(listener: EventListener | undefined, event: LatchkeyEvent): void {
  try {
    listener?.(event);
  } catch {}
}
