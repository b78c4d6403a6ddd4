/**
 * Reads the Retry-After field (RFC 9110 §10.2.3).
 *
 * @module
 */

const seconds = /^\d{1,9}$/;
const httpDate = /^[A-Za-z]{3,9},? .*(GMT|\d{4})$/;

function parseDate(text: string | null): number | undefined {
  if (text === null || !httpDate.test(text)) return undefined;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * How long the server asks to wait, in milliseconds; undefined if it doesn't say. A date is taken against the
 * response's own Date field where that can be read, since the caller's clock may be wrong.
 *
 * @param nowMs - the caller's wall clock, for a response without a Date.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (text === undefined) return undefined;
  if (seconds.test(text)) return Number(text) * 1000;
  const at = parseDate(text);
  return at === undefined ? undefined : Math.max(0, at - (parseDate(headers.get('date')) ?? nowMs));
}
