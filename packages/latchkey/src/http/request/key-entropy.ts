/**
 * A cheap estimate of how hard a key is to guess.
 *
 * @module
 */

/** What a random UUID holds, in bits. */
const UUID_BITS = 122;

/** Fewer different characters than this and it is no random value: a UUID has less once in five million. */
const LEAST_DISTINCT = 8;

const symbolClasses: readonly (readonly [pattern: RegExp, symbols: number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 2],
];

function bitsPerCharacter(key: string): number {
  if (/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(key)) return /^[0-9]+$/.test(key) ? Math.log2(10) : 4;
  return Math.log2(symbolClasses.reduce((sum, [pattern, symbols]) => sum + (pattern.test(key) ? symbols : 0), 0));
}

/**
 * Whether a key could have the entropy of a UUID. It is an upper bound taken from the key's length and the kinds of
 * characters in it: decimal and hexadecimal digits count for what they are, letters by case, and all punctuation as
 * two symbols; hyphens between hexadecimal digits count for nothing. A key of fewer than 8 different characters
 * never passes. It keeps out counters, dates and order numbers; it can't tell a random value from a long name.
 *
 * @example
 * ```ts
 * isUnguessable('8e03978e-40d5-43dd-bc93-6894a57f9324') // true
 * isUnguessable('order-1001') // false
 * ```
 */
export function isUnguessable(key: string): boolean {
  const digits = key.replaceAll('-', '');
  const counted = /^[0-9a-f]*$/i.test(digits) ? digits : key;
  return new Set(counted).size >= LEAST_DISTINCT && counted.length * bitsPerCharacter(counted) >= UUID_BITS;
}
