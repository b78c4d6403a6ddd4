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

/** A key and when it was made, in milliseconds since the epoch. */
export interface StoredKey {
  readonly key: string;
  readonly createdAtMs: number;
}

/** The page's own storage. Merely touching it throws where cookies are blocked: then every use of it does. */
export function pageStorage(): KeyStorage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch (error) {
    const refuse = () => {
      throw error;
    };
    return { getItem: refuse, setItem: refuse, removeItem: refuse };
  }
}

/** The name of an operation's entry. */
export function entryName(operation: string): string {
  return `latchkey:${operation}`;
}

/** Writes an entry's text. */
export function formatEntry({ key, createdAtMs }: StoredKey): string {
  return JSON.stringify({ key, createdAtMs });
}

// What a page's other scripts may have put there must not get into a header field.
const sendable = /^[A-Za-z0-9_.:~-]{1,255}$/;

/** Reads an entry's text; undefined if it isn't one of ours. */
export function parseEntry(text: string): StoredKey | undefined {
  try {
    const { key, createdAtMs } = JSON.parse(text) as Partial<Record<keyof StoredKey, unknown>>;
    if (typeof key !== 'string' || !sendable.test(key) || typeof createdAtMs !== 'number') return undefined;
    return { key, createdAtMs };
  } catch {
    return undefined;
  }
}
