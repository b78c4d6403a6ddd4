/**
 * Where the client's keys are kept between calls.
 *
 * @module
 */

/**
 * The part of the Web Storage interface that is used: `sessionStorage`, `localStorage`, or anything like them.
 * The methods may return promises. What they throw never breaks an operation.
 */
export interface KeyStorage {
  getItem(name: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(name: string, value: string): unknown;
  removeItem(name: string): unknown;
}

/** What is kept for an operation until it has a final answer. */
export interface StoredKey {
  readonly key: string;
  /** In milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Of the request that the key was made for; absent in an entry of an older release. */
  readonly digest?: number;
  /** True if every request so far was answered, and none of them was carried out. */
  readonly nothingDone?: boolean;
}

/** The page's own storage. Merely touching it throws where cookies are blocked: then every use of it does. */
export function pageStorage(name: 'sessionStorage' | 'localStorage'): KeyStorage | undefined {
  try {
    return globalThis[name];
  } catch (error) {
    const refuse = () => {
      throw error;
    };
    return { getItem: refuse, setItem: refuse, removeItem: refuse };
  }
}

/** The name of an operation's entry, and of its lock. */
export function entryName(operation: string): string {
  return `latchkey:${operation}`;
}

// What a page's other scripts may have put there must not get into a header.
const sendable = /^[A-Za-z0-9_.:~-]{1,255}$/;

/** Reads an entry's text, which is JSON; undefined if it isn't one of ours. */
export function parseEntry(text: string): StoredKey | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Record<keyof StoredKey, unknown>>;
    const { key, createdAtMs, digest, nothingDone } = entry;
    if (typeof key !== 'string' || !sendable.test(key) || typeof createdAtMs !== 'number') return undefined;
    return {
      key,
      createdAtMs,
      ...(typeof digest === 'number' && { digest }),
      ...(nothingDone === true && { nothingDone }),
    };
  } catch {
    return undefined;
  }
}
