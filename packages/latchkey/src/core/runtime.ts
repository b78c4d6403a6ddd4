/**
 * Time, timers and randomness as arguments. All code of the library takes them from a {@link Runtime}, so that tests
 * can control them.
 *
 * @module
 */

/** Two clocks, both in milliseconds. */
export interface Clock {
  /** Wall-clock time since the epoch, which may jump. */
  now(): number;
  /** Monotonic time with an arbitrary zero. */
  monotonic(): number;
}

/** An opaque timer handle. */
export type TimerHandle = unknown;

/** Starts and stops timers. */
export interface Timers {
  /**
   * Calls `callback` once after `delayMs` milliseconds. The timer keeps the process alive unless its kind is `'idle'`.
   */
  set(callback: () => void, delayMs: number, kind?: 'idle'): TimerHandle;
  clear(handle: TimerHandle): void;
  /** True if a timer ends with the request in which it was set, as on Cloudflare Workers. */
  readonly perRequest?: boolean;
}

/** Sources of randomness. */
export interface Random {
  /** An unguessable random UUID (version 4), used as token and operation id. */
  uuid(): string;
  /** A number from 0 (included) to 1 (excluded), for jitter. */
  fraction(): number;
}

/** Clocks, timers and randomness. */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** The system's clocks. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** The system's timers. */
export const systemTimers: Timers = {
  set(callback, delayMs, kind) {
    const handle = setTimeout(callback, delayMs);
    // Timers of browsers and some edge runtimes are numbers without unref and keep no process alive.
    if (kind === 'idle' && typeof handle === 'object') handle.unref();
    return handle;
  },
  clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
  perRequest: globalThis.navigator?.userAgent === 'Cloudflare-Workers',
};

/** Buffered random bytes, 16 for each UUID, since a system call per UUID would cost more than the rest. */
const stock = new Uint8Array(4096);
let used = stock.length;

const hexDigits = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** The characters of a UUID; only its hyphens are constant. */
const characters: number[] = Array.from('00000000-0000-0000-0000-000000000000', (one) => one.charCodeAt(0));
const hyphen = 0x2d;

/**
 * RFC 9562 §5.4. `crypto.randomUUID` returns a concatenation of about twenty strings, which takes eight times the
 * memory of 36 characters for the lifetime of a record.
 */
function randomUuid(): string {
  if (used === stock.length) {
    crypto.getRandomValues(stock);
    used = 0;
  }
  let at = 0;
  for (let index = 0; index < 16; index += 1) {
    let byte = stock[used + index] as number;
    if (index === 6) byte = (byte & 0x0f) | 0x40;
    else if (index === 8) byte = (byte & 0x3f) | 0x80;
    if (characters[at] === hyphen) at += 1;
    characters[at] = hexDigits[byte >> 4] as number;
    characters[at + 1] = hexDigits[byte & 0x0f] as number;
    at += 2;
  }
  used += 16;
  return String.fromCharCode.apply(undefined, characters);
}

const systemRandom: Random = { uuid: randomUuid, fraction: () => Math.random() };

/**
 * The system's clocks, timers and randomness, the default runtime.
 *
 * @example
 * ```ts
 * const engine = createEngine({ store, runtime: { ...systemRuntime, clock: manualClock } })
 * ```
 */
export const systemRuntime: Runtime = { clock: systemClock, timers: systemTimers, random: systemRandom };

/** Resolves after `delayMs` milliseconds, or at once when `signal` aborts. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal, kind?: 'idle'): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      timers.clear(handle);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const handle = timers.set(finish, delayMs, kind);
    signal?.addEventListener('abort', finish);
  });
}
