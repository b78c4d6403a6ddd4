/** The documents that the rows come from. */

/** A section of the draft for the header. */
export function draft(section: string): string {
  return `draft-ietf-httpapi-idempotency-key-header-07 §${section}`;
}

export const stripe = 'docs.stripe.com/api/idempotent_requests';
/** "Designing robust and predictable APIs with idempotency", with its recovery points in PostgreSQL. */
export const recoveryPoints = 'brandur.org/idempotency-keys';
/** "Making retries safe with idempotent APIs". */
export const builders = 'aws.amazon.com/builders-library/making-retries-safe-with-idempotent-APIs';
/** For requirements that no document states, but that others imply. */
export const checklist = 'this checklist';
