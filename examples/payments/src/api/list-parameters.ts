import { badParameter } from './stripe-error.ts';

/** The requested page of the list. */
export interface ListParameters {
  readonly limit: number;
  readonly startingAfter?: string;
}

const defaultLimit = 10;
const maxLimit = 100;

/**
 * Reads the query of a list.
 *
 * @throws StripeError 400 if `limit` or `starting_after` can't be used.
 */
export function parseListParameters(query: Readonly<Record<string, unknown>>): ListParameters {
  const limit = parseLimit(query['limit']);
  const startingAfter = query['starting_after'];
  if (startingAfter === undefined) return { limit };
  if (typeof startingAfter === 'string') return { limit, startingAfter };
  throw badParameter('starting_after', 'parameter_invalid_string', 'starting_after must be the id of one charge.');
}

function parseLimit(value: unknown): number {
  if (value === undefined) return defaultLimit;
  const limit = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw badParameter('limit', 'parameter_invalid_integer', `limit must be a whole number from 1 to ${maxLimit}.`);
}
