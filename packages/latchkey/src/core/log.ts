/**
 * The observers: a listener for all events, and the log of warnings and errors, which by default writes to the console.
 *
 * An entry never contains a key, a body, a credential or a path, nor the message of another library's error, which can
 * contain values.
 *
 * @module
 */

import { DOCS_URL, LatchkeyError } from './errors.ts';
import type { EventListener, LatchkeyEvent } from './events.ts';
import { type Clock, type Runtime, systemRuntime } from './runtime.ts';
import { recordReference } from './support/digest.ts';

/** A line of the log. */
export interface LogEntry {
  readonly level: 'warn' | 'error';
  /** A permanent code; the errors page has a section for it. */
  readonly code: string;
  /** One or two sentences. */
  readonly message: string;
  /** The URL of that section. */
  readonly docs: string;
  /** The public reference of the record, if the entry is about one. */
  readonly reference?: string;
}

/** Receives warnings and errors. Errors that it throws are ignored. */
export type Log = (entry: LogEntry) => void;

/** A log that depends on the request; `caller` is that of the operation, if the entry is about one. */
export type RequestLog = (entry: LogEntry, caller?: object) => void;

/** An entry before its link is added. */
type Line = Omit<LogEntry, 'docs' | 'reference'>;

/** Time in which an entry with the same code and operation is not repeated, in milliseconds. */
const quietMs = 60_000;
/** Maximum number of entries in that time, since paths with ids can be many operations. */
const mostEntries = 100;

const storeFaults: Readonly<Record<string, string>> = {
  'driver-missing': "The package of the store's client is not installed.",
  'encryption-key-missing': 'A record is encrypted with a key that this server does not have.',
  'option-invalid': "The store's options, client or database have an unsupported setting.",
  'record-unreadable': "This version can't read a stored record.",
  'schema-mismatch': "The store's tables have another version. Apply its migrations.",
  'schema-missing': "The store's tables do not exist, or access to them is denied. Apply its migrations.",
};

const leaseEnds: Readonly<Record<Extract<LatchkeyEvent, { type: 'lease-lost' }>['reason'], string>> = {
  'taken-over': 'another worker or an operator has taken the record',
  deadline: 'the lease could not be renewed in time',
  'max-run': 'it ran longer than maxRunMs or the platform allows',
  shutdown: 'the server is shutting down',
};

/** Writes to the console. */
export function consoleLog({ level, code, message, docs, reference }: LogEntry): void {
  const record = reference === undefined ? '' : ` Record ${reference}.`;
  console[level](`latchkey ${code}: ${message}${record} ${docs}`);
}

/**
 * Emits an event; undefined without an observer, so that no event objects are created. `caller` is that of the operation,
 * for a log that depends on the request.
 */
export type Emit = ((event: LatchkeyEvent, caller?: object) => void) | undefined;

/** The observers of events and log entries. */
export interface Observers {
  /** Receives every event; see {@link LatchkeyEvent}. */
  readonly onEvent?: EventListener | undefined;
  /**
   * Receives warnings and errors, each code once per operation and minute. An entry has one sentence and a link, and
   * never a key, a body, a credential or another library's error message. Default: the console. `false` turns it off.
   */
  readonly log?: Log | false | undefined;
  /** An adapter's own log, used without `log`. Only this one may see the request; default: the console. */
  readonly requestLog?: RequestLog | undefined;
  readonly runtime?: Runtime | undefined;
}

/** Marks an emitter that a guard passes to its engine: it is already combined; true if it reaches more than a log. */
const joined = new WeakMap<EventListener, boolean>();

/** Combines the observers into one function. Errors that they throw are ignored. */
export function createEmit({ onEvent, log, requestLog = consoleLog, runtime = systemRuntime }: Observers): Emit {
  if (onEvent !== undefined && joined.has(onEvent)) return onEvent;
  const emit = join(onEvent, log === undefined ? requestLog : log && ((entry) => log(entry)), runtime);
  if (emit !== undefined) joined.set(emit, onEvent !== undefined);
  return emit;
}

/** Returns `emit` for events that are never logged, such as each claim; undefined if only a log listens. */
export function observing(emit: Emit): Emit {
  return emit !== undefined && joined.get(emit) === true ? emit : undefined;
}

function join(onEvent: EventListener | undefined, log: RequestLog | false, runtime: Runtime): Emit {
  const toLog = log === false ? undefined : logging(log, runtime.clock);
  if (onEvent === undefined) return toLog && ((event, caller) => quietly(toLog, event, caller));
  // An application's function never gets the caller.
  const observe: Emit = (event) => onEvent(event);
  return (event, caller) => {
    quietly(observe, { ...event, ...referenceOf(event) });
    quietly(toLog, event, caller);
  };
}

/** An error of an observer must not affect the request. */
function quietly(listener: Emit, event: LatchkeyEvent, caller?: object): void {
  try {
    listener?.(event, caller);
  } catch {}
}

/** Creates a listener that logs each code at most once per operation and minute. */
function logging(log: RequestLog, clock: Clock): NonNullable<Emit> {
  const logged = new Set<string>();
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return (event, caller) => {
    const line = lineOf(event);
    if (line === undefined) return;
    const nowMs = clock.monotonic();
    if (nowMs >= quietUntilMs) {
      logged.clear();
      quietUntilMs = nowMs + quietMs;
    }
    const name = `${line.code} ${line.message} ${'operation' in event ? event.operation : ''}`;
    if (logged.has(name) || logged.size >= mostEntries) return;
    logged.add(name);
    log({ ...line, docs: `${DOCS_URL}#${line.code}`, ...referenceOf(event) }, caller);
  };
}

/** The reference of an event's record. An event with `attempts` is about a message, whose id is not a record's. */
function referenceOf(event: LatchkeyEvent): Pick<LogEntry, 'reference'> {
  return 'id' in event && !('attempts' in event) ? { reference: recordReference(event.id) } : {};
}

/** The log line of an event; undefined for an event that is not logged. */
function lineOf(event: LatchkeyEvent): Line | undefined {
  switch (event.type) {
    case 'warning':
      return { level: 'warn', code: event.code, message: event.message };
    case 'store-error':
      return storeError(event.error, event.during);
    case 'handler-error':
      return {
        level: 'error',
        code: 'operation-failed',
        message: `The application's code threw ${nameOf(event.error)}.`,
      };
    case 'executed':
      return unrecorded(event.recorded);
    case 'outcome-unknown':
      return unrecorded('lapsed');
    case 'lease-lost':
      return { level: 'warn', code: 'lease-lost', message: `A handler lost its record: ${leaseEnds[event.reason]}.` };
    case 'unprotected':
      return {
        level: 'error',
        code: 'store-unavailable',
        message: "A handler ran without protection: the store is unavailable and whenStoreDown is 'run-unprotected'.",
      };
    case 'steps-unasked':
      return {
        level: 'warn',
        code: 'steps-changed',
        message: 'An attempt ended without calling steps that an earlier one had saved: the handler has changed.',
      };
    case 'stuck':
      return {
        level: 'error',
        code: 'outcome-unknown',
        message:
          'A completer gave up on an operation: it has too many attempts or is too old. An operator must decide.',
      };
    case 'message-failed':
      return { level: 'warn', code: 'message-failed', message: `A message was not delivered: ${nameOf(event.error)}.` };
    case 'message-dead':
      return {
        level: 'error',
        code: 'message-failed',
        message: 'The last delivery of a message has failed. Call outbox.retry(id) after fixing the cause.',
      };
    default:
      return undefined;
  }
}

function storeError(error: unknown, during: string): Line {
  const code = error instanceof LatchkeyError ? error.code : 'store-unavailable';
  const sentence = storeFaults[code] ?? 'A call to the store failed.';
  const cause = error instanceof LatchkeyError ? error.cause : error;
  const because = cause === undefined ? '' : `; ${nameOf(cause)}`;
  return { level: 'error', code, message: `${sentence} (During ${during}${because}.)` };
}

function unrecorded(recorded: Extract<LatchkeyEvent, { type: 'executed' }>['recorded']): Line | undefined {
  if (recorded === 'unstored')
    return {
      level: 'error',
      code: 'store-unavailable',
      message: 'An answer could not be stored. A retry gets 409 outcome-unknown, or runs again under rerun.',
    };
  if (recorded === 'lapsed')
    return {
      level: 'warn',
      code: 'outcome-unknown',
      message: 'The outcome of an operation is unknown. A recover hook or an operator must decide.',
    };
  return undefined;
}

/**
 * The class of an error and its code, such as `Error ECONNREFUSED`. A code in a form other than that of Node.js,
 * drivers and this library is left out, since it could contain a value.
 */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return `a value that is not an error (${typeof error})`;
  const code: unknown = Reflect.get(error, 'code');
  const isKnown = error instanceof LatchkeyError || (typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code));
  return isKnown ? `${error.constructor.name} ${code}` : error.constructor.name;
}
