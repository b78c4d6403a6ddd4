/**
 * Dates in headers (RFC 9110 §5.6.7).
 *
 * @module
 */

/** The obsolete forms, of RFC 850 and of asctime, which a recipient must still read. */
const obsolete = [
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** The time that a date means, in milliseconds since the epoch; undefined for anything else. */
export function httpDateMs(text: string): number | undefined {
  const isObsolete = obsolete.some((form) => form.test(text));
  const ms = Date.parse(isObsolete && !text.endsWith('GMT') ? `${text} GMT` : text);
  if (Number.isNaN(ms)) return undefined;
  return isObsolete || new Date(ms).toUTCString() === text ? ms : undefined;
}
