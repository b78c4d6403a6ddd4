/**
 * The actions and answers of a run's processes. All times are milliseconds of the machine's monotonic clock, which its
 * processes share.
 */

export type Policy = 'refuse' | 'rerun';

/** The kind of effect: plain, in a step, in a transaction, or in the final transaction. */
type Doing = 'plain' | 'step' | 'transaction' | 'finish';

/** The fault of a store. */
export type Spoiling =
  | 'gives-keys-away'
  | 'forgets-leases'
  | 'forgets-answers'
  | 'loses-answers'
  | 'mixes-answers-up'
  | 'answers-early'
  | 'skips-token-checks'
  | 'believes-zombies'
  | 'forgets-steps'
  | 'resumes-from-the-start'
  | 'runs-without-claims';

/** One operation and its request. */
export interface Task {
  /** The task's name: its tenant and the value of its `Idempotency-Key` header, which two tenants may share. */
  readonly key: string;
  readonly tenant: string;
  readonly field: string;
  readonly policy: Policy;
  readonly doing: Doing;
  /** The answer repeats it, to reveal mixed-up payloads. */
  readonly payload: string;
  /** Duration of the first attempt in milliseconds; later ones are quick. */
  readonly holdMs: number;
  readonly leaseMs: number;
  readonly whenRunning: 'reject' | 'wait';
  /** At its end the first attempt also tries every write of an owner directly on the store. */
  readonly probes?: true;
  /** The first attempt throws, after its effect. */
  readonly fails?: true;
  /** The store has this fault, to test the checker. */
  readonly spoiling?: Spoiling;
}

/** A won claim. */
export interface ClaimedEvent {
  readonly type: 'claimed';
  readonly worker: number;
  readonly id: string;
  readonly token: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly leaseMs: number;
  readonly sentAt: number;
  readonly at: number;
}

/** A claim that found the operation done. */
interface FoundDoneEvent {
  readonly type: 'found-done';
  readonly operationId: string;
  readonly at: number;
}

/** A write by an owner, with the store's answer. */
export interface WriteEvent {
  readonly type: 'write';
  /** `markStep` saves the start of a step, `saveStep` its result. */
  readonly method: 'renew' | 'complete' | 'release' | 'abandon' | 'markStep' | 'saveStep' | 'transaction';
  readonly id: string;
  readonly token: string;
  /** False if the store answered that the caller is not the owner. */
  readonly accepted: boolean;
  /** True if it stores the operation's answer. */
  readonly isFinal: boolean;
  /** The new lease, if the write sets one. */
  readonly leaseMs?: number;
  readonly sentAt: number;
  readonly at: number;
}

/** A handler began, made its effect, was aborted, was refused a step or transaction, or ended. */
export interface HandlerEvent {
  readonly type: 'began' | 'effect' | 'aborted' | 'refused' | 'ended';
  readonly worker: number;
  readonly key: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly at: number;
  /** An effect's downstream key; a refusal's code. */
  readonly note?: string;
}

/** The result of one request; `status` 0 means that the connection ended without an answer. */
export interface ToldEvent {
  readonly type: 'told';
  readonly key: string;
  readonly worker: number;
  readonly payload: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly body: string;
  /** The answer's headers set by the handler. */
  readonly fields: readonly string[];
  /** Whether it has Retry-After. */
  readonly retryAfter: boolean;
  /** False if the answer is marked as not stored. */
  readonly stored: boolean;
  readonly sentAt: number;
  readonly at: number;
}

/** Something was done to a process. */
export interface ProcessEvent {
  readonly type: 'killed' | 'frozen' | 'continued';
  readonly worker: number;
  readonly at: number;
}

/** The store's clock was stepped forward by `ms` between `sentAt` and `at`. */
export interface SteppedEvent {
  readonly type: 'stepped';
  readonly ms: number;
  readonly sentAt: number;
  readonly at: number;
}

export type RunEvent =
  | SteppedEvent
  | ClaimedEvent
  | FoundDoneEvent
  | WriteEvent
  | HandlerEvent
  | ToldEvent
  | ProcessEvent;

/** The field that a handler sets, in two lines. */
export const runField = 'x-run';

/** The body of a handler's answer. `run` is different in every execution. */
export interface AnswerBody {
  readonly key: string;
  readonly payload: string;
  readonly run: string;
}

/** The complete history of a run. */
export interface Run {
  readonly tasks: readonly Task[];
  readonly events: readonly RunEvent[];
  /** The rows of committed transactions: `key run`. */
  readonly effects: readonly string[];
  /** True if there were no faults: then every key must run once and be answered. */
  readonly undisturbed: boolean;
}

/** Milliseconds of the machine's monotonic clock, which its processes share. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
