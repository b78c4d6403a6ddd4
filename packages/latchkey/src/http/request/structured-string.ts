/**
 * Strings of structured fields (RFC 9651 §4.2.5), as the whole value of a header.
 *
 * @module
 */

const stringItem = /^ *"((?:[ !#-[\]-~]|\\["\\])*)" *$/;

/**
 * Parses a header value that is one String without parameters; undefined if it is anything else.
 *
 * @example
 * ```ts
 * parseStructuredString('"a \\" b"') // 'a " b'
 * ```
 */
export function parseStructuredString(value: string): string | undefined {
  const raw = stringItem.exec(value)?.[1];
  return raw?.includes('\\') ? raw.replace(/\\(.)/g, '$1') : raw;
}
