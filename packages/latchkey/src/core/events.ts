/**
 * The events of the library. They contain record ids (digests) and paths. Only the original errors, in `store-error`,
 * `handler-error` and the message events, may contain keys, bodies or credentials.
 *
 * @module
 */

import type { AuditEvent } from './audit/audit-entry.ts';
import type { ErrorCode } from './errors.ts';
import type { Recorded } from './operation.ts';

/** Something that happened, for metrics and logs. */
export type LatchkeyEvent = Happening & {
  /** The public reference of the record, if the event is about one; the operator's `find` accepts it. */
  readonly reference?: string;
};

export type Happening =
  | {
      readonly type: 'claimed';
      readonly id: string;
      readonly operation: string;
      readonly attempt: number;
      readonly tookOver: boolean;
    }
  /** The end of an attempt, including one whose `recover` hook left the record to a person. */
  | {
      readonly type: 'executed';
      readonly id: string;
      readonly operation: string;
      readonly attempt: number;
      readonly tookOver: boolean;
      readonly recorded: Recorded;
    }
  /** An attempt ended without calling steps that an earlier one had saved: the handler's code has changed. */
  | {
      readonly type: 'steps-unasked';
      readonly id: string;
      readonly operation: string;
      readonly steps: readonly string[];
    }
  | { readonly type: 'replayed'; readonly id: string; readonly operation: string }
  | { readonly type: 'mismatch'; readonly id: string; readonly operation: string }
  | { readonly type: 'in-progress'; readonly id: string; readonly operation: string }
  /**
   * Nothing was run for a request: it was refused before its claim, the store gave no usable answer, the client
   * disconnected, or the server is shutting down.
   */
  | { readonly type: 'refused'; readonly operation: string; readonly code: ErrorCode }
  | { readonly type: 'outcome-unknown'; readonly id: string; readonly operation: string }
  /** A key from before a restore was refused, since its record is missing or not completed. */
  | { readonly type: 'quarantined'; readonly id: string; readonly operation: string }
  | {
      readonly type: 'lease-lost';
      readonly id: string;
      readonly operation: string;
      readonly reason: 'taken-over' | 'deadline' | 'max-run' | 'shutdown';
    }
  /** A completer has given up on a record: it was claimed `maxAttempts` times, or is too old. A person must decide. */
  | { readonly type: 'stuck'; readonly id: string; readonly operation: string; readonly attempt: number }
  /** An audit entry was written for an operator's act or a hook's decision; who and why are only in the audit. */
  | {
      readonly type: 'audited';
      readonly id: string;
      readonly event: AuditEvent;
      readonly decision: 'respond' | 'rerun' | 'forget' | undefined;
    }
  /** A dispatcher has delivered a message of an outbox; `attempts` counts the begun deliveries. */
  | {
      readonly type: 'message-delivered';
      readonly id: string;
      readonly operation: string;
      readonly name: string;
      readonly attempts: number;
    }
  | {
      readonly type: 'message-failed';
      readonly id: string;
      readonly operation: string;
      readonly name: string;
      readonly attempts: number;
      readonly error: unknown;
      readonly retryInMs: number;
    }
  /**
   * The last delivery of a message has failed, or its dispatcher died. Emitted once, and lost if the process dies at
   * that moment: for a reliable alarm, count the list of dead messages.
   */
  | {
      readonly type: 'message-dead';
      readonly id: string;
      readonly operation: string;
      readonly name: string;
      readonly attempts: number;
      readonly error: unknown;
    }
  | { readonly type: 'store-error'; readonly operation: string; readonly during: string; readonly error: unknown }
  | { readonly type: 'unprotected'; readonly operation: string }
  | { readonly type: 'handler-error'; readonly operation: string; readonly error: unknown }
  | { readonly type: 'warning'; readonly code: string; readonly message: string; readonly docs: string };

/** Receives events. Errors that it throws are ignored. */
export type EventListener = (event: LatchkeyEvent) => void;
