/**
 * What the processes of a run did and were told. All times are milliseconds of the machine's monotonic clock, which
 * its processes share.
 */

export type Policy = 'refuse' | 'rerun';

/** What a handler does: an effect by itself, in a step, in a transaction, or in the one that ends the operation. */
type Doing = 'plain' | 'step' | 'transaction' | 'finish';

/** How a store breaks a promise. */
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

/** One operation, and what its request asks for. */
export interface Task {
  /** Names the task: its tenant and the value of its `Idempotency-Key` field, which two tenants may share. */
  readonly key: string;
  readonly tenant: string;
  readonly field: string;
  readonly policy: Policy;
  readonly doing: Doing;
  /** The answer repeats it, so that a mix-up of payloads shows. */
  readonly payload: string;
  /** How long the first attempt takes, in milliseconds; later ones are quick. */
  readonly holdMs: number;
  readonly leaseMs: number;
  readonly whenRunning: 'reject' | 'wait';
  /** The first attempt, when it is done, also tries every write that an owner may make, past the engine. */
  readonly probes?: true;
  /** The first attempt throws, after its effect. */
  readonly fails?: true;
  /** The store breaks a promise in this way, to see that the checker finds it. */
  readonly spoiling?: Spoiling;
}

/** A claim that was won. */
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

/** A write by a record's owner that the store answered. */
export interface WriteEvent {
  readonly type: 'write';
  /** `markStep` saves that a step was begun, `saveStep` what it gave. */
  readonly method: 'renew' | 'complete' | 'release' | 'abandon' | 'markStep' | 'saveStep' | 'transaction';
  readonly id: string;
  readonly token: string;
  /** False if the store said that the record is someone else's. */
  readonly accepted: boolean;
  /** True if it stores the operation's answer. */
  readonly isFinal: boolean;
  /** How long the record is exclusive from then on, where the write says so. */
  readonly leaseMs?: number;
  readonly sentAt: number;
  readonly at: number;
}

/** A handler began, made its effect, heard its signal, was refused a step or transaction, ended. */
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

/** What became of one request; `status` 0 is a connection that ended without an answer. */
export interface ToldEvent {
  readonly type: 'told';
  readonly key: string;
  readonly worker: number;
  readonly payload: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly body: string;
  /** The fields of the answer that the handler set. */
  readonly fields: readonly string[];
  /** Whether it says when to come back. */
  readonly retryAfter: boolean;
  /** False if the answer itself says that it could not be stored. */
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

/** The store's clock went forward by `ms`, at some moment from `sentAt` to `at`. */
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

/** The body of a handler's answer. `run` is another at every execution. */
export interface AnswerBody {
  readonly key: string;
  readonly payload: string;
  readonly run: string;
}

/** Everything that is known about a run. */
export interface Run {
  readonly tasks: readonly Task[];
  readonly events: readonly RunEvent[];
  /** The rows that transactions left: `key run`. */
  readonly effects: readonly string[];
  /** True if nothing went wrong: then every key ran once, and was answered. */
  readonly undisturbed: boolean;
}

/** Milliseconds of the clock that all processes of the machine share. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
