/**
 * The client's options, and their checks.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { checkChoice, checkOptionNames, checkWholeNumber } from '../core/options/check-options.ts';
import type { Runtime } from '../core/runtime.ts';
import type { ClientEventListener } from './client-events.ts';
import { clientRuntime } from './client-runtime.ts';
import { type KeyStorage, pageStorage } from './key-storage.ts';

/** Options of `idempotentFetch`. All times are whole milliseconds. */
export interface ClientOptions {
  /**
   * Where keys wait for a final answer. Default: the page's `sessionStorage` where there is one, else memory, which
   * doesn't outlive the page or process. `'cross-tab'` makes the tabs of a browser share their operations: keys are in
   * `localStorage`, and made under a lock (`navigator.locks`), so that two tabs send the same key.
   */
  readonly storage?: KeyStorage | 'memory' | 'cross-tab';
  /** How many requests of one call may fail; those that find it in progress, or the page offline, don't count. 1 to 100; default 6. */
  readonly maxAttempts?: number;
  /** The bound of a whole call, waits included. At most an hour; default 120,000, longer than a server's lease. */
  readonly totalTimeoutMs?: number;
  /** The bound of one request with its whole answer; past it the request is cut and retried. Default 30,000. */
  readonly attemptTimeoutMs?: number;
  /** The longest wait before the first retry; doubles with each. Default 500. */
  readonly baseDelayMs?: number;
  /** The longest wait that doubling leads to. A Retry-After of the server may be longer. Default 8,000. */
  readonly maxDelayMs?: number;
  /**
   * How long after it was made a key is sent: as long as the server remembers it (its retention), since after that the
   * operation would run again. Later the call is refused with `key-expired`. Default 24 hours, the server's default.
   */
  readonly keyTtlMs?: number;
  /**
   * `'string'` (default) sends `"key"`, the RFC 9651 String of draft-ietf-httpapi-idempotency-key-header;
   * `'bare'` sends `key`, as Stripe's API takes it.
   */
  readonly keyStyle?: 'string' | 'bare';
  /**
   * Sends when the key was made, in the field Repeatability-First-Sent (OASIS Repeatable Requests 1.0), so that a server
   * that was restored from a backup can tell old keys from new ones. A server of another origin must allow the field
   * (Access-Control-Allow-Headers). Default false.
   */
  readonly sendFirstSent?: boolean;
  /**
   * Statuses from 200 to 599 that are the operation's answer even after a request that got none. For servers that
   * neither mark their answers (`Idempotency-Status`, `Idempotent-Replayed`) nor echo the key: without it, their
   * answers count only as long as no request went unanswered, since a login page or a firewall could have sent them.
   * Example: `[200, 201, 402]`. Default: none.
   */
  readonly finalStatuses?: readonly number[];
  /** The longest answer in bytes: it is read to its end before the call resolves. Default 8 MiB. */
  readonly maxResponseBytes?: number;
  /** The fetch to send with. Default: the global one, looked up at each call. */
  readonly fetch?: typeof fetch;
  /** Told what happens; see `ClientEvent`. */
  readonly onEvent?: ClientEventListener;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const hour = 3_600_000;
const longestTimerMs = 2 ** 31 - 1;

const defaults = {
  maxAttempts: 6,
  totalTimeoutMs: 120_000,
  attemptTimeoutMs: 30_000,
  baseDelayMs: 500,
  maxDelayMs: 8_000,
  keyTtlMs: 24 * hour,
  keyStyle: 'string',
  sendFirstSent: false,
  finalStatuses: [],
  maxResponseBytes: 8 * 1024 * 1024,
} as const satisfies ClientOptions;

const integerBounds = {
  maxAttempts: [1, 100],
  totalTimeoutMs: [1, hour],
  attemptTimeoutMs: [1, longestTimerMs],
  baseDelayMs: [0, longestTimerMs],
  maxDelayMs: [0, longestTimerMs],
  keyTtlMs: [1, Number.MAX_SAFE_INTEGER],
  maxResponseBytes: [0, Number.MAX_SAFE_INTEGER],
} as const;

const where = 'The client';
const otherNames = ['storage', 'keyStyle', 'sendFirstSent', 'finalStatuses', 'fetch', 'onEvent', 'runtime'];

/** The options that say where keys are kept and for how long, which a step's key has no need of. */
const storageNames: readonly string[] = ['storage', 'keyTtlMs', 'sendFirstSent'];

/** The options with every default in place. */
export type ClientSettings = Required<Omit<ClientOptions, 'storage' | 'onEvent'>> & {
  readonly storage: KeyStorage | undefined;
  /** True if other tabs or processes may use the same storage. */
  readonly isShared: boolean;
};

/** What the attempts of a call go by. */
export type LoopSettings = Omit<ClientSettings, 'storage' | 'isShared' | 'keyTtlMs' | 'sendFirstSent'>;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function clientSettings(options: ClientOptions): ClientSettings {
  const given: ClientOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  checkOptionNames(where, given, [...Object.keys(integerBounds), ...otherNames]);
  const filled = { ...defaults, ...given };
  for (const [name, [least, most]] of Object.entries(integerBounds)) {
    checkWholeNumber(where, name, Reflect.get(filled, name), least, most);
  }
  checkChoice(where, 'keyStyle', filled.keyStyle, ['string', 'bare']);
  checkOthers(given);
  const { storage, onEvent: _, ...rest } = filled;
  return { runtime: clientRuntime, fetch: (...call) => fetch(...call), ...rest, ...chosenStorage(storage) };
}

/**
 * The same for a call whose key is kept nowhere.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function stepSettings(options: Omit<ClientOptions, 'storage' | 'keyTtlMs' | 'sendFirstSent'>): LoopSettings {
  const known = [...Object.keys(integerBounds), ...otherNames].filter((name) => !storageNames.includes(name));
  checkOptionNames('stepFetch', options, known);
  return clientSettings({ ...options, storage: 'memory' });
}

function checkOthers(options: ClientOptions): void {
  const { storage, sendFirstSent, finalStatuses, fetch: send, onEvent, runtime } = options;
  if (finalStatuses !== undefined && !isStatusList(finalStatuses)) {
    throw invalidOption('finalStatuses must be a list of statuses from 200 to 599');
  }
  if (sendFirstSent !== undefined && typeof sendFirstSent !== 'boolean') {
    throw invalidOption('sendFirstSent must be true or false');
  }
  if (send !== undefined && typeof send !== 'function') throw invalidOption('fetch must be a function');
  if (onEvent !== undefined && typeof onEvent !== 'function') throw invalidOption('onEvent must be a function');
  if (runtime !== undefined && !(runtime?.clock && runtime.timers && runtime.random)) {
    throw invalidOption('runtime must have clock, timers and random');
  }
  if (storage !== undefined && storage !== 'memory' && storage !== 'cross-tab' && !isStorage(storage)) {
    throw invalidOption("storage must have getItem, setItem and removeItem, or be 'memory' or 'cross-tab'");
  }
}

function isStatusList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 200 && item <= 599);
}

function isStorage(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['getItem', 'setItem', 'removeItem'].every((name) => typeof Reflect.get(value, name) === 'function');
}

function chosenStorage(storage: ClientOptions['storage']): Pick<ClientSettings, 'storage' | 'isShared'> {
  if (storage === 'memory') return { storage: undefined, isShared: false };
  if (storage === 'cross-tab') return { storage: pageStorage('localStorage'), isShared: true };
  const ownTabs = pageStorage('sessionStorage');
  return { storage: storage ?? ownTabs, isShared: storage !== undefined && storage !== ownTabs };
}

/** The error of an option or argument that can't be. */
export function invalidOption(message: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `${where}: ${message}.`);
}
