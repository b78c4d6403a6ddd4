/**
 * Calls the observer and the log without letting them break a request.
 *
 * @module
 */

import type { EventListener, LatchkeyEvent } from './events.ts';
import { consoleLog, type Log, logging, referenceOf } from './log.ts';
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

/** What a guard hands on to its engine is joined already: a record's reference is made once, and only for an observer. */
const joined = new WeakSet<EventListener>();

/** Joins the observers; what they throw is ignored. */
export function createEmit({ onEvent, log = consoleLog, runtime = systemRuntime }: Observers): Emit {
  if (onEvent !== undefined && joined.has(onEvent)) return onEvent;
  const emit = join(onEvent, log, runtime);
  if (emit !== undefined) joined.add(emit);
  return emit;
}

function join(onEvent: EventListener | undefined, log: Log | false, runtime: Runtime): Emit {
  const toLog = log === false ? undefined : logging(log, runtime.clock);
  if (onEvent === undefined) return toLog && ((event) => quietly(toLog, event));
  return (event) => {
    quietly(onEvent, { ...event, ...referenceOf(event) });
    quietly(toLog, event);
  };
}

/** An observer's fault is the observer's: the request goes on. */
function quietly(listener: EventListener | undefined, event: LatchkeyEvent): void {
  try {
    listener?.(event);
  } catch {}
}
