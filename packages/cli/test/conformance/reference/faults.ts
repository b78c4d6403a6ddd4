/** The faults of the reference server, one or more for each row. */

const faults = [
  'marks-first-answer',
  'other-bytes',
  'ignores-keys',
  'no-marker',
  'key-from-payload',
  'missing-key-runs',
  'missing-key-refused',
  'refuses-quotes',
  'quotes-belong-to-key',
  'strict-takes-bare',
  'takes-malformed-keys',
  'empty-key-runs',
  'no-length-limit',
  'refusals-run',
  'first-of-two-keys',
  'header-in-one-case',
  'lower-case-keys',
  'strips-characters',
  'ignores-payload',
  'mismatch-deletes-record',
  'ignores-query',
  'ignores-path',
  'compares-bytes',
  'parses-json',
  'compares-volatile-members',
  'compares-boundary',
  'ignores-if-match',
  'mismatch-after-conflict',
  'duplicates-run',
  'no-retry-after',
  'conflict-instead-of-wait',
  'keeps-conflict',
  'forgets-4xx',
  'claims-before-authentication',
  'forgets-5xx',
  'keeps-5xx',
  'forgets-429',
  'keeps-429',
  'hang-up-releases',
  'never-expires',
  'no-principal',
  'replays-every-header',
  'forgets-headers',
  'joins-headers',
  'text-bodies',
  'no-body-limit',
  'guards-get',
  'refuses-second-get',
  'plain-errors',
  'cacheable',
  'hides-marker',
  'allows-no-origin',
  'allows-another-header',
  'replays-compressed',
  'large-runs-again',
  'empty-stream',
  'keeps-truncated',
  'replays-origin',
  'memory-only',
  'restart-runs-again',
  'restart-holds-key',
] as const;

export type Fault = (typeof faults)[number];

/** What the reference server claims, and its fault. */
export interface ReferenceOptions {
  readonly fault?: Fault;
  readonly afterFailure?: 'refuse' | 'rerun';
  readonly whenRunning?: 'conflict' | 'wait';
  readonly keyFormat?: 'lenient' | 'strict';
  readonly keyRequired?: boolean;
  readonly retentionMs?: number;
  /** Of the refusal of a duplicate; default 1. */
  readonly retryAfter?: string;
  /** Where records and the count are kept, to survive a kill. */
  readonly file?: string;
}

/** Request bodies of more bytes are refused. */
export const maxBodyBytes = 2_000;
