/**
 * The client's options, and their checks.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { readOptions } from '../core/options/read-options.ts';
import {
  arrayOf,
  type Completed,
  callable,
  defaultTo,
  flag,
  integer,
  isText,
  must,
  type OptionTable,
  oneOf,
  runtimeOr,
  timerMs,
} from '../core/options/rules.ts';
import { type Runtime, systemClock, systemTimers } from '../core/runtime.ts';
import type { ClientEventListener } from './client-events.ts';
import { type KeyStorage, pageStorage } from './key-storage.ts';

/** Options of `idempotentFetch`. All times are whole milliseconds. */
export interface ClientOptions {
  /**
   * Where keys are kept until a final answer. Default: the page's `sessionStorage` if there is one, else memory, which
   * doesn't outlive the page or process. With `'cross-tab'` the tabs of a browser share their operations: keys are in
   * `localStorage` and created under a lock (`navigator.locks`), so two tabs send the same key.
   */
  readonly storage?: KeyStorage | 'memory' | 'cross-tab';
  /**
   * Maximum number of failed requests per call, 1 to 100. Requests that find the operation in progress or the page
   * offline don't count. Default 6.
   */
  readonly maxAttempts?: number;
  /** Time limit of a call, including waits. At most an hour; default 120,000, longer than a server's lease. */
  readonly totalTimeoutMs?: number;
  /** Time limit of one request with its whole answer; after it the request is aborted and retried. Default 30,000. */
  readonly attemptTimeoutMs?: number;
  /** Maximum wait before the first retry; doubles with each retry. Default 500. */
  readonly baseDelayMs?: number;
  /** Maximum wait that doubling leads to. A Retry-After of the server may be longer. Default 8,000. */
  readonly maxDelayMs?: number;
  /**
   * Maximum age of a key that is sent; set it to the server's retention, after which the operation would run again. A
   * call with an older key throws `key-expired`. Default 24 hours, the server's default.
   */
  readonly keyTtlMs?: number;
  /**
   * `'string'` (default) sends `"key"`, the RFC 9651 String of draft-ietf-httpapi-idempotency-key-header;
   * `'bare'` sends `key`, as Stripe's API takes it.
   */
  readonly keyStyle?: 'string' | 'bare';
  /**
   * Sends the time at which the key was created in the header Repeatability-First-Sent (OASIS Repeatable Requests 1.0),
   * so that a server restored from a backup can recognize old keys. A server of another origin must allow the header
   * (Access-Control-Allow-Headers). Default false.
   */
  readonly sendFirstSent?: boolean;
  /**
   * Statuses from 200 to 599 that count as the operation's answer even after a request went unanswered. Needed for
   * servers that neither mark their answers (`Idempotency-Status`, `Idempotent-Replayed`) nor echo the key: otherwise
   * their answers count only if no request went unanswered, since a login page or a firewall could have sent them.
   * Example: `[200, 201, 402]`. Default: none.
   */
  readonly finalStatuses?: readonly number[];
  /** Maximum size of an answer in bytes. The answer is read completely before the call resolves. Default 8 MiB. */
  readonly maxResponseBytes?: number;
  /** The `fetch` function to use. Default: the global one, looked up at each call. */
  readonly fetch?: typeof fetch;
  /** Receives events; see `ClientEvent`. */
  readonly onEvent?: ClientEventListener;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** Options of `stepFetch`: the client's, except those about keys. */
export interface StepFetchOptions extends Omit<ClientOptions, 'storage' | 'keyTtlMs' | 'sendFirstSent'> {
  /** Name of the call in errors and events. Default: its method and host. */
  readonly operation?: string;
}

/** A random hexadecimal digit in place of 0 and 1; in place of 8, one from 8 to b, as the variant of a UUID demands. */
function randomDigit(digit: string): string {
  const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
  return (Number(digit) ^ (random & (15 >> (Number(digit) / 4)))).toString(16);
}

// Insecure contexts (plain http on a host other than localhost) have getRandomValues but no randomUUID.
function uuid(): string {
  return crypto.randomUUID?.() ?? '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, randomDigit);
}

/** The system's clocks and timers, and a source of UUIDs that is smaller than the server's, which makes many of them. */
export const clientRuntime: Runtime = {
  clock: systemClock,
  timers: systemTimers,
  random: { uuid, fraction: () => Math.random() },
};

const hour = 3_600_000;
const where = 'The client';

const isStatus = (item: unknown) => Number.isInteger(item) && Number(item) >= 200 && Number(item) <= 599;

const isStorage = (value: unknown) =>
  value === 'memory' ||
  value === 'cross-tab' ||
  ['getItem', 'setItem', 'removeItem'].every((name) => typeof Reflect.get(Object(value), name) === 'function');

/** The options that `stepFetch` and `idempotentFetch` share. */
const callTable = {
  maxAttempts: integer({ min: 1, max: 100, default: 6 }),
  totalTimeoutMs: integer({ min: 1, max: hour, default: 120_000 }),
  attemptTimeoutMs: timerMs(30_000),
  baseDelayMs: timerMs(500, 0),
  maxDelayMs: timerMs(8_000, 0),
  keyStyle: oneOf<'string' | 'bare'>('string', 'bare'),
  finalStatuses: arrayOf<number>('integers from 200 to 599', isStatus),
  maxResponseBytes: integer({ min: 0, default: 8 * 1024 * 1024 }),
  fetch: defaultTo<typeof fetch>(callable, (...call) => fetch(...call)),
  onEvent: callable,
  runtime: runtimeOr(clientRuntime),
};

/** The option table of `stepFetch`. */
export const stepTable = {
  operation: must('a string', isText),
  ...callTable,
} satisfies OptionTable<StepFetchOptions>;

/** The option table of `idempotentFetch`. */
export const clientTable = {
  ...callTable,
  storage: must("'memory', 'cross-tab', or an object with getItem, setItem and removeItem", isStorage),
  keyTtlMs: integer({ min: 1, default: 24 * hour }),
  sendFirstSent: flag(false),
} satisfies OptionTable<ClientOptions>;

/** The options with defaults. */
export interface ClientSettings extends Omit<Completed<ClientOptions, typeof clientTable>, 'storage'> {
  readonly storage: KeyStorage | undefined;
  /** True if other tabs or processes may use the same storage. */
  readonly isShared: boolean;
}

/** The options of the retry loop. */
export type LoopSettings = Omit<Completed<StepFetchOptions, typeof stepTable>, 'operation'>;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function clientSettings(options: ClientOptions): ClientSettings {
  const { storage, ...settings } = readOptions(where, clientTable, options);
  return { ...settings, ...chosenStorage(storage) };
}

function chosenStorage(storage: ClientOptions['storage']): Pick<ClientSettings, 'storage' | 'isShared'> {
  if (storage === 'memory') return { storage: undefined, isShared: false };
  if (storage === 'cross-tab') return { storage: pageStorage('localStorage'), isShared: true };
  const ownTabs = pageStorage('sessionStorage');
  return { storage: storage ?? ownTabs, isShared: storage !== undefined && storage !== ownTabs };
}

/** The error for an invalid option or argument. */
export function invalidOption(message: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `${where}: ${message}.`);
}
