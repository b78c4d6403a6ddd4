/**
 * Reads the client's key from the Idempotency-Key header.
 *
 * @module
 */

/** A key, or the reason why the request has no valid key. */
export type KeyReading = { readonly key: string } | { readonly refused: string };

// Stripe's limit too.
/** In characters. */
export const MAX_KEY_LENGTH = 255;

// Visible ASCII without quote, comma and semicolon.
const bareKey = /^[!#-+\--:<-~]+$/;

const syntaxHint = {
  strict: 'Send it as a quoted string: Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324".',
  lenient:
    'Send ASCII characters in quotation marks, such as "8e03978e-40d5-43dd-bc93-6894a57f9324", or unquoted without spaces, commas, semicolons and quotation marks.',
};

/**
 * Reads a key from all lines of the header. Two forms name the same key: `"abc"`, the RFC 9651 String that the IETF
 * draft requires, in which `\"` and `\\` stand for quote and backslash; and, unless `format` is `'strict'`, the bare
 * `abc` that Stripe's clients send. A bare key is one or more visible ASCII characters except quote, comma and
 * semicolon: these would look like a malformed String, a list that a proxy joined, or a parameter. A backslash in a
 * bare key is literal. Keys are case-sensitive, 1 to 255 characters, not all blank.
 *
 * @param lines - one entry for each header line, at least one.
 * @example
 * ```ts
 * readKey(['"abc"'], 'lenient') // { key: 'abc' }
 * ```
 */
export function readKey(lines: readonly string[], format: 'lenient' | 'strict'): KeyReading {
  if (lines.length !== 1) return { refused: 'The header was sent more than once. Send one key.' };
  const line = lines[0] ?? '';
  const key = format === 'lenient' && bareKey.test(line) ? line : parseStructuredString(line);
  if (key === undefined) return { refused: `The header is not a key. ${syntaxHint[format]}` };
  if (key.length > MAX_KEY_LENGTH) return { refused: `The key is longer than ${MAX_KEY_LENGTH} characters.` };
  return key.trim() === '' ? { refused: 'The key is empty.' } : { key };
}

const stringItem = /^ *"((?:[ !#-[\]-~]|\\["\\])*)" *$/;

/**
 * Parses a header value that is one String without parameters; returns undefined for anything else.
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
