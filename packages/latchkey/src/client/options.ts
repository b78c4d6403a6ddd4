/**
 * What the client can be told, and the checks of it.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { checkChoice, checkOptionNames, checkWholeNumber } from '../core/options-check.ts';
import type { Runtime } from '../core/runtime.ts';
import type { ClientEventListener } from './client-events.ts';
import { clientRuntime } from './client-runtime.ts';
import { type KeyStorage, pageStorage } from './key-storage.ts';

/** Options of `idempotentFetch`. All times are whole milliseconds. */
export interface ClientOptions {
  /**
   * Where keys wait for a final answer. Default: the page's `sessionStorage` where there is one, else memory, which
   * doesn't outlive the page or process. `localStorage` makes the tabs of a browser share their operations.
   */
  readonly storage?: KeyStorage | 'memory';
  /** How many requests one call may send. 1 to 100; default 6. */
  readonly maxAttempts?: number;
  /** The bound of a whole call, waits included. At most an hour (the margin of `keyTtlMs`); default 120,000. */
  readonly totalTimeoutMs?: number;
  /** The bound of one request with its whole answer; past it the request is cut and retried. Default 30,000. */
  readonly attemptTimeoutMs?: number;
  /** The longest wait before the first retry; doubles with each. Default 500. */
  readonly baseDelayMs?: number;
  /** The longest wait that doubling leads to. A Retry-After of the server may be longer. Default 8,000. */
  readonly maxDelayMs?: number;
  /**
   * How old a stored key may be and still be sent: a little less than the server remembers it, since after that the
   * operation would run anew. An older one is refused with `key-expired`. Default 23 hours, for a server's 24.
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
  keyTtlMs: 23 * hour,
  keyStyle: 'string',
  sendFirstSent: false,
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
const otherNames = ['storage', 'keyStyle', 'sendFirstSent', 'fetch', 'onEvent', 'runtime'];

/** The options that say where keys are kept and for how long, which a step's key has no need of. */
const storageNames: readonly string[] = ['storage', 'keyTtlMs', 'sendFirstSent'];

/** The options with every default in place. */
export type ClientSettings = Required<Omit<ClientOptions, 'storage' | 'onEvent'>> & {
  readonly storage: KeyStorage | undefined;
};

/** What the attempts of a call go by. */
export type LoopSettings = Omit<ClientSettings, 'storage' | 'keyTtlMs' | 'sendFirstSent'>;

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
  return { runtime: clientRuntime, fetch: (...call) => fetch(...call), ...rest, storage: chosenStorage(storage) };
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
  const { storage, sendFirstSent, fetch: send, onEvent, runtime } = options;
  if (sendFirstSent !== undefined && typeof sendFirstSent !== 'boolean') {
    throw invalidOption('sendFirstSent must be true or false');
  }
  if (send !== undefined && typeof send !== 'function') throw invalidOption('fetch must be a function');
  if (onEvent !== undefined && typeof onEvent !== 'function') throw invalidOption('onEvent must be a function');
  if (runtime !== undefined && !(runtime?.clock && runtime.timers && runtime.random)) {
    throw invalidOption('runtime must have clock, timers and random');
  }
  if (storage !== undefined && storage !== 'memory' && !isStorage(storage)) {
    throw invalidOption("storage must have getItem, setItem and removeItem, or be 'memory'");
  }
}

function isStorage(value: KeyStorage | null): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return [value.getItem, value.setItem, value.removeItem].every((method) => typeof method === 'function');
}

function chosenStorage(storage: KeyStorage | 'memory' | undefined): KeyStorage | undefined {
  if (storage === 'memory') return undefined;
  return storage ?? pageStorage();
}

/** The error of an option or argument that can't be. */
export function invalidOption(message: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `${where}: ${message}.`);
}
