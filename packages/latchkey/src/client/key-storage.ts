/**
 * The storage of the client's keys between calls.
 *
 * @module
 */

/**
 * The part of the Web Storage interface that is used: `sessionStorage`, `localStorage` or a similar object. The
 * methods may return promises. Their errors never affect an operation.
 */
export interface KeyStorage {
  getItem(name: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(name: string, value: string): unknown;
  removeItem(name: string): unknown;
}

/** The stored entry of an operation until it has a final answer. */
export interface StoredKey {
  readonly key: string;
  /** In milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Digest of the request that the key was created for; absent in entries of older releases. */
  readonly digest?: number;
  /** True if every request so far was answered, and none of them was carried out. */
  readonly nothingDone?: boolean;
}

/** The page's own storage. With blocked cookies, accessing it throws; then every method of the result throws the same. */
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

// Other scripts of the page may have written there; their text must not get into a header.
const sendable = /^[A-Za-z0-9_.:~-]{1,255}$/;

/** Parses the JSON of an entry; undefined if the client did not write it. */
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
