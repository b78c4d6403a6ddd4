/**
 * What the layer tells an observer. Events hold record ids (digests), never keys, bodies or credentials.
 *
 * @module
 */

import type { Recorded } from './operation.ts';

/** Something that happened, for metrics and logs. */
export type LatchkeyEvent = Happening & {
  /** Of an event about a record: what a problem calls it by, for support. The operator finds the record by it. */
  readonly reference?: string;
};

type Happening =
  | {
      readonly type: 'claimed';
      readonly id: string;
      readonly operation: string;
      readonly attempt: number;
      readonly tookOver: boolean;
    }
  | { readonly type: 'executed'; readonly id: string; readonly operation: string; readonly recorded: Recorded }
  /** An attempt ended without asking for steps that an earlier one had saved: the handler's code has changed. */
  | {
      readonly type: 'steps-unasked';
      readonly id: string;
      readonly operation: string;
      readonly steps: readonly string[];
    }
  | { readonly type: 'replayed'; readonly id: string; readonly operation: string }
  | { readonly type: 'mismatch'; readonly id: string; readonly operation: string }
  | { readonly type: 'in-progress'; readonly id: string; readonly operation: string }
  | { readonly type: 'outcome-unknown'; readonly id: string; readonly operation: string }
  /** A key from before a restore, whose record is gone or not completed, was refused. */
  | { readonly type: 'quarantined'; readonly id: string; readonly operation: string }
  | {
      readonly type: 'lease-lost';
      readonly id: string;
      readonly operation: string;
      readonly reason: 'taken-over' | 'deadline' | 'max-run' | 'shutdown';
    }
  /** A completer has given a record up: it lapsed `maxAttempts` times, or is too old, and waits for a person. */
  | { readonly type: 'stuck'; readonly id: string; readonly operation: string; readonly attempt: number }
  /** An operator's act or a hook's decision, as the audit has it; who and why are there alone. */
  | {
      readonly type: 'audited';
      readonly id: string;
      readonly event: 'proposed' | 'withdrawn' | 'decided' | 'applied' | 'stale' | 'unclear' | 'refused';
      readonly decision: 'respond' | 'rerun' | 'forget' | undefined;
    }
  /** A dispatcher has delivered a message of an outbox; `attempts` counts the deliveries that were begun. */
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
   * The last delivery of a message has failed, or ended with its dispatcher: it waits for a person. Told once, by whoever
   * made it dead; an alarm that must not miss one counts the list of the dead.
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

/** Receives events. What it throws is ignored: an observer can't break a request. */
export type EventListener = (event: LatchkeyEvent) => void;
